"""The eventsourcing library's own conformance tests, run on the ledger."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import AggregateRecorder
from eventsourcing.tests.persistence import AggregateRecorderTestCase

from infrastructure.ledger.recorder import SubjectRecorder
from infrastructure.store.store import Store


class TestSubjectRecorder(AggregateRecorderTestCase):
    """A recorder bound to one subject."""

    @pytest.fixture(autouse=True)
    def _use(self, store: Store) -> None:
        self._store = store

    def create_recorder(self) -> AggregateRecorder:
        return SubjectRecorder(self._store.engine.ledger, uuid4())

    def new_originator_id(self) -> UUID:
        return uuid4()
