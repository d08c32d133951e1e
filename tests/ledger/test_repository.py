"""When a snapshot still fits the state it was taken of."""

from __future__ import annotations

import os
import subprocess
import sys

import orjson

from domain.catalogue import KINDS

_SHAPES = """
import orjson, sys
from domain.catalogue import all_kinds
from infrastructure.ledger.repository import _state_schema
sys.stdout.buffer.write(orjson.dumps({kind.KIND: _state_schema(kind).hex() for kind in all_kinds()}))
"""


def shapes_in_another_process(seed: str) -> dict[str, str]:
    ran = subprocess.run(
        [sys.executable, "-c", _SHAPES],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    shapes: dict[str, str] = orjson.loads(ran.stdout)
    return shapes


def test_a_snapshot_taken_by_one_process_fits_in_every_other() -> None:
    first, second = shapes_in_another_process("1"), shapes_in_another_process("2")
    assert first == second
    assert len(set(first.values())) == len(KINDS)
