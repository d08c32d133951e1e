"""A body opens only where it belongs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.crypto.cipher import Cipher, blind, derive
from infrastructure.errors import CorruptEvent

KEY = bytes(range(32))


@given(st.binary(max_size=300), st.binary(max_size=60))
def test_what_is_sealed_opens_under_the_same_key_and_associated_data(plaintext: bytes, bound: bytes) -> None:
    sealed = Cipher(KEY).seal(plaintext, bound)
    assert len(sealed) == len(plaintext) + 29
    assert Cipher(KEY).open(sealed, bound) == plaintext


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_byte_is_noticed(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(Cipher(KEY).seal(plaintext, b"row"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptEvent):
        Cipher(KEY).open(bytes(sealed), b"row")


def test_a_body_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(CorruptEvent):
        Cipher(KEY).open(Cipher(KEY).seal(b"text", b"row 1"), b"row 2")


def test_a_plaintext_body_is_never_taken_for_an_encrypted_one() -> None:
    with pytest.raises(CorruptEvent):
        Cipher(KEY).open(b'{"purpose":null,"data":{}}', b"row")


def test_the_same_text_never_seals_to_the_same_bytes() -> None:
    assert len({Cipher(KEY).seal(b"text", b"row") for _ in range(100)}) == 100


def test_derived_keys_differ_by_purpose_and_context() -> None:
    keys = {derive(KEY, purpose, context) for purpose in (b"a", b"b") for context in (b"", b"x", b"y")}
    assert len(keys) == 6


def test_blind_indexes_do_not_confuse_where_one_part_ends() -> None:
    assert blind(KEY, "ab", "c") != blind(KEY, "a", "bc")
    assert blind(KEY, "ab", "c") == blind(KEY, "ab", "c")
