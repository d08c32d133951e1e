"""The versions of a document's content."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from domain.personal.document import Document
from domain.personal.document_terms import MAX_VERSIONS, DocumentVersion, VersionKind
from domain.shared.commands import commands_of
from domain.shared.errors import InvalidInput, ItemNotFound
from domain.shared.record import TooMany
from domain.shared.values import new_id
from infrastructure.ledger.codec import decode_event
from tests.domain.personal.papers import NOON, SCAN, SIGNED, received, topics


def test_new_version_becomes_the_current_one_and_the_old_one_stays() -> None:
    document = received()

    document.add_version(SIGNED, comment="signed", created_at=NOON)

    assert document.versions == (
        DocumentVersion(1, SCAN, "", NOON, VersionKind.ORIGINAL),
        DocumentVersion(2, SIGNED, "signed", NOON),
    )
    assert (document.current_version, document.content) == (2, SIGNED)
    assert topics(document)[-1] == "document.version_added"


def test_version_cannot_be_changed() -> None:
    version = received().versions[0]

    with pytest.raises(FrozenInstanceError):
        version.comment = "other"  # type: ignore[misc]


def test_same_content_again_is_no_version() -> None:
    document = received()

    document.add_version(SCAN, comment="again")

    assert topics(document) == ["document.received"]


def test_same_bytes_stored_again_are_no_version() -> None:
    first = replace(SCAN, digest="5eed" * 16)
    document = received()
    document.add_version(replace(first, blob_id=new_id()))  # of what was received nobody knows the digest
    assert len(document.versions) == 2
    document.add_version(replace(first, blob_id=new_id()))
    assert len(document.versions) == 2
    document.add_version(replace(first, blob_id=new_id(), media_type="text/plain"))
    document.add_version(replace(first, blob_id=new_id(), digest="beef" * 16))
    assert len(document.versions) == 4


def test_reverting_loses_no_version() -> None:
    document = received()
    document.add_version(SIGNED)

    document.revert_to_version(1)
    document.revert_to_version(1)
    assert (document.current_version, document.content, len(document.versions)) == (1, SCAN, 2)
    document.revert_to_version(2)
    document.revert_to_version(1)
    document.add_version(SIGNED, created_at=NOON)

    assert [version.n for version in document.versions] == [1, 2, 3]
    assert document.current_version == 3
    assert topics(document).count("document.reverted_to_version") == 3


def test_unknown_version_cannot_be_reverted_to() -> None:
    document = received()

    with pytest.raises(ItemNotFound):
        document.revert_to_version(2)
    with pytest.raises(InvalidInput):
        commands_of(Document)["revert_to_version"].arguments((0,), {})


def test_versions_do_not_grow_without_end() -> None:
    document = received()
    document.versions *= MAX_VERSIONS

    with pytest.raises(TooMany):
        document.add_version(SIGNED)


def test_version_says_of_what_sort_it_is_how_long_and_who_made_it() -> None:
    document = received(pages=3)
    document.add_version(SIGNED, kind=VersionKind.SIGNED, pages=4, by="Ana, notary", created_at=NOON)
    assert document.versions == (
        DocumentVersion(1, SCAN, "", NOON, VersionKind.ORIGINAL, 3),
        DocumentVersion(2, SIGNED, "", NOON, VersionKind.SIGNED, 4, "Ana, notary"),
    )


@pytest.mark.parametrize("pages", [0, -1, 1_000_001])
def test_a_version_has_a_page(pages: int) -> None:
    with pytest.raises(InvalidInput):
        commands_of(Document)["add_version"].arguments((SIGNED,), {"pages": pages})


def test_version_from_before_it_had_a_sort_is_read_and_nothing_is_made_up() -> None:
    body = (
        b'{"purpose":null,"data":{"added":{"n":2,"content":{"blob_id":"%s","size":1100,'
        b'"media_type":"application/pdf"},"comment":"signed","created_at":"2024-05-01T12:00:00Z"}}}'
    ) % str(SIGNED.blob_id).encode()
    added, _ = decode_event("document", "document.version_added", 1, (new_id(), 2, NOON), body)
    document = received()
    added.apply(document)
    assert document.versions[1] == DocumentVersion(2, SIGNED, "signed", NOON)
    assert document.versions[1].kind is None
