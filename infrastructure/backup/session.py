"""The connection a backup or restore works on, alone of its kind; and the mark of a restore under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege

from infrastructure.connections import unavailable
from infrastructure.errors import BackupRunning, RestoreUnfinished, Unavailable

MARK = "lifeledger: being restored"
"""How the comment on the ledger's schema begins while the ledger is not whole."""

_LOCK = "SELECT pg_try_advisory_lock(hashtext('lifeledger backup'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('lifeledger backup'))"

# A copy of a large bucket takes longer than any question may, and the snapshot is idle while files are sent.
_PATIENT = ("statement_timeout", "idle_in_transaction_session_timeout")


@contextmanager
def alone(ledger_url: str) -> Iterator[Connection[Any]]:
    """Connect to the ledger for as long as nobody else makes or restores a backup of it.

    Raises BackupRunning where somebody does, Unavailable, its NoRoom.
    """
    try:
        with psycopg.connect(ledger_url, autocommit=True, connect_timeout=10) as connection:
            for setting in _PATIENT:
                connection.execute("SELECT set_config(%s, '0', false)", (setting,))
            connection.execute("SELECT set_config('TimeZone', 'UTC', false)")
            row = connection.execute(_LOCK).fetchone()
            if row is None or not row[0]:
                raise BackupRunning
            yield connection
            with suppress(psycopg.OperationalError):  # what was asked for is done
                connection.execute(_UNLOCK)  # the end of a connection lets go of it too, but some time after
    except InsufficientPrivilege:
        raise Unavailable from None
    except psycopg.OperationalError as error:
        raise unavailable(error) from None


def marked(connection: Connection[Any]) -> str | None:
    """Return the mark of the restore that the ledger is in, None where it is whole."""
    row = connection.execute("SELECT obj_description(to_regnamespace('ledger'), 'pg_namespace')").fetchone()
    return row[0] if row and row[0] and row[0].startswith(MARK) else None


def refuse_unfinished(ledger_url: str) -> None:
    """Raise RestoreUnfinished while a restore of the ledger is under way or was broken off."""
    try:
        with psycopg.connect(ledger_url, connect_timeout=10) as connection:
            if marked(connection) is not None:
                raise RestoreUnfinished
    except psycopg.OperationalError:
        raise Unavailable from None
