"""What is left of a text whose ids are taken out can still name somebody."""

from __future__ import annotations

from uuid import UUID

from tests.identifiers import without_ids

ID = UUID("ada0ada0-ada0-7ada-8ada-ada0ada0ada0")


def test_a_name_is_seen_beside_ids_that_spell_it() -> None:
    assert "ada" not in without_ids(f"<user {ID} version 1> {ID.hex}")
    assert "ada" in without_ids(f"<user {ID} version 1> ada@example.org")
    assert "ada" in without_ids(f'{{"id":"{ID}","name":"ada"}}')
