"""Whether the erasure file at hand knows all that the ledger database knows, told without any key."""

from __future__ import annotations

from pathlib import Path

import psycopg

from infrastructure.erasure.erasure_file import count_of
from infrastructure.errors import StaleErasureFile, Unavailable


class ErasuresOnHand:
    """The erasure file beside a keys database that may be empty, so that nothing can be signed or verified yet."""

    def __init__(self, path: Path, copy: Path | None, ledger_url: str) -> None:
        self._paths = [path] if copy is None else [path, copy]
        self._ledger_url = ledger_url

    def require_current(self) -> None:
        """Raise StaleErasureFile where the ledger knows a newer erasure, BrokenErasureFile, Unavailable."""
        try:
            with psycopg.connect(self._ledger_url) as connection:
                row = connection.execute(
                    "SELECT coalesce(max(file_number), 0) FROM ledger.erasures"
                ).fetchone()
        except psycopg.OperationalError:
            raise Unavailable from None
        if row is not None and row[0] > max(map(count_of, self._paths)):
            raise StaleErasureFile
