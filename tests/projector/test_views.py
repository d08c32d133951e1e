"""A projector goes on from the row it finds in a record's own table: all other rows have to follow from that one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from domain.catalogue import KINDS, kind_named
from domain.media.media import Media
from domain.personal.document import Document
from domain.shared.commands import commands_of
from domain.shared.errors import LifeledgerError
from domain.shared.record import Origin, Record
from domain.shared.values import new_id
from infrastructure.projector.fold import amounts_of
from projections.catalogue import view_of
from projections.view import Row
from tests.privacy.planting import Planter


def lives(kind: str) -> Iterator[Record]:
    """Yield a record for each creating command, after every other command it takes; strings are all different."""
    commands, planter = commands_of(kind_named(kind)).values(), Planter()
    for create in (command for command in commands if command.creates):
        subject_id = new_id()
        origin = Origin(subject_id, subject_id) if kind == "user" else Origin(subject_id)
        record: Record = getattr(create.kind, create.verb)(origin, **planter.checked(create))
        for command in commands:
            if not command.creates and command.verb != "trash":
                with suppress(LifeledgerError):
                    getattr(record, command.verb)(**planter.checked(command))
        yield record


def derived_of(record: Record) -> list[list[Row]]:
    return [list(each.rows(record)) for each in view_of(record.KIND).derived]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_derived_of_a_record_follows_from_its_row(kind: str) -> None:
    for record in lives(kind):
        table = view_of(kind).table
        found = table.record(table.row(1, record))
        assert derived_of(found) == derived_of(record)
        assert amounts_of(1, found, view_of(kind)) == amounts_of(1, record, view_of(kind))


def test_lives_reach_what_is_searched_beside_the_first_words() -> None:
    (paper,) = lives("document")
    for photo in lives("media"):
        assert isinstance(photo, Media)
        assert photo.ocr_text in repr(derived_of(photo))
        assert photo.ocr_text
    assert isinstance(paper, Document)
    assert paper.text in repr(derived_of(paper))
    assert paper.text
