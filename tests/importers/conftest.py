"""Files to import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importers.mail_messages import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(data: bytes, name: str = "mail.eml") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write
