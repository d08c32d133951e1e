"""The scan sees what is there, however it is written or compressed, and nothing else."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import zstandard

from tests.conftest import Databases
from tests.privacy.scan import ENCODINGS, Needles, files_below

NEEDLE = "canary/ü7f3a?x"


def lz4_frame_of(text: bytes, *, compressed: bool = True) -> bytes:
    """Return a frame of one block, in which the last bytes of the text are a reference to where they stood before it."""
    size, block = len(text) | 1 << 31, text
    if compressed:
        literals = text[-4:] + text[:-4]
        block = bytes([0xF0, len(literals) - 15]) + literals + len(literals).to_bytes(2, "little")
        size = len(block)
    return b"\x04\x22\x4d\x18\x60\x40\x82" + size.to_bytes(4, "little") + block + bytes(4)


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "gzip of base64": lambda text: gzip.compress(base64.b64encode(text)),
    "json": lambda text: json.dumps({"a": text.decode()}).encode(),
    "url": lambda text: quote(text.decode(), safe="").encode(),
    "base64 in the middle": lambda text: base64.b64encode(b"ab" + text + b"cd"),
    "zstd": zstandard.ZstdCompressor().compress,
    "a frame of LZ4": lz4_frame_of,
    "a frame of LZ4 as it is": lambda text: lz4_frame_of(text, compressed=False),
    "across pieces": lambda text: b"\0" * ((16 << 20) - 3) + text,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_scanner_finds_a_string_in_each_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "file").write_bytes(secrets.token_bytes(999) + ENCODINGS[encoding](NEEDLE) + b"\xff" * 999)
    assert Needles([NEEDLE]).in_files(files_below(tmp_path)) == {tmp_path / "file": {NEEDLE}}


@pytest.mark.parametrize("form", WRITTEN)
def test_the_scanner_finds_what_other_programs_wrote(tmp_path: Path, form: str) -> None:
    (tmp_path / "file").write_bytes(b"before " + WRITTEN[form](NEEDLE.encode()) + b" after")
    assert Needles([NEEDLE]).in_files(files_below(tmp_path)) == {tmp_path / "file": {NEEDLE}}


def test_the_scanner_finds_nothing_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(secrets.token_bytes(1 << 20) + b"canary/ but another")
    assert Needles([NEEDLE]).in_files(files_below(tmp_path)) == {}


LOREM = "lorem ipsum " * 300
TOAST = "(SELECT reltoastrelid FROM pg_class WHERE relname = 'noted')"


@pytest.mark.parametrize(
    ("relation", "noise"), [("'noted'", 0), (TOAST, 4_000)], ids=["in its row", "outside"]
)
def test_the_scanner_finds_a_string_in_a_value_that_postgresql_has_compressed(
    databases: Databases, relation: str, noise: int
) -> None:
    control = "canary" + secrets.token_hex(9)
    text = LOREM[:40] + control + secrets.token_hex(noise) + LOREM
    with psycopg.connect(databases.ledger, autocommit=True) as connection:
        connection.execute("CREATE TABLE noted (text text)")
        connection.execute("INSERT INTO noted VALUES (%s)", (text,))
        connection.execute("CHECKPOINT")
        where = f"SELECT current_setting('data_directory'), pg_relation_filepath({relation})"
        row = connection.execute(where.encode()).fetchone()
    assert row is not None
    file = Path(row[0]) / row[1]
    assert control.encode() not in file.read_bytes()
    assert Needles([control]).in_files([file]) == {file: {control}}
