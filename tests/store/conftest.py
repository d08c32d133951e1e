"""People that tests of the store ask as."""

from __future__ import annotations

import pytest

from infrastructure.store.session import Session
from infrastructure.store.store import Person, Store


@pytest.fixture
def stranger(store: Store) -> Session:
    """Somebody else's session."""
    return store.acting_as(store.register("eve", "eve@example.org"))


@pytest.fixture
def registered(store: Store, person: Person) -> None:  # noqa: ARG001 - asked for to be there
    """The person's own record is in the read tables."""
    store.catch_up()
