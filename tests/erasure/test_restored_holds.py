"""Databases restored from before an erasure: what was held is kept again, what was let go is erased again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from domain.productivity.task import Task
from domain.shared import clock
from infrastructure.bootstrap import open_store
from infrastructure.errors import Erased
from infrastructure.settings import Settings
from tests.conftest import Databases
from tests.erasure.test_erasure_file import Backup, backup

__all__ = ["backup"]

PURPOSE = "litigation"


@pytest.mark.parametrize("restored", [("ledger",), ("keys",), ("ledger", "keys")], ids=" and ".join)
def test_a_restored_backup_keeps_what_is_held_and_forgets_what_was_let_go(
    settings: Settings, databases: Databases, backup: Backup, restored: tuple[str, ...]
) -> None:
    with open_store(settings) as store:
        person = store.register("ada", "ada@example.org")
        me = store.acting_as(person)
        held, let_go, other = (me.do(Task.create, title=title).id for title in ("held", "let go", "other"))
        until = clock.now() + timedelta(days=30)
        first, second = (
            store.hold(person, reason="r", purpose=PURPOSE, until=until, record_id=each)
            for each in (held, let_go)
        )
    old = {f"{name}_url": SecretStr(backup(getattr(databases, name))) for name in restored}
    with open_store(settings) as store:
        store.erase(person, grounds="art. 17", kind=Task)
        store.holds.release(second.hold_id)
        assert len(store.erasures.all()) == 2
    with open_store(settings.model_copy(update=old)) as store:
        me = store.acting_as(person)
        for each in (held, let_go, other):
            with pytest.raises(Erased):
                me.load(each)
        reading = store.under_hold(first.hold_id, purpose=PURPOSE, actor_id=person.id)
        assert reading.load(held).id == held
        assert [left for _, left in store.erasures.left_to_holds()] == [{held}]
        assert all(store.erasures.verify(each.id).holds for each in store.erasures.all())
        store.tidy()
        assert len(store.erasures.all()) == 2
