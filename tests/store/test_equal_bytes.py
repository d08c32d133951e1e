"""Equal bytes are one medium of a person, however often they are stored."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable

import pytest

from domain.media.media import Media
from domain.media.media_terms import MediaKind
from domain.personal.document import Document
from domain.shared import clock
from domain.shared.content import Content
from domain.shared.record import Record
from domain.shared.values import StoredContent, new_id
from infrastructure.blobs.blobs import INLINE_BYTES
from infrastructure.errors import ClaimTaken
from infrastructure.ledger.events import Receipt
from infrastructure.store.session import Session
from infrastructure.store.store import Store

SMALL, LARGE = b"few bytes", secrets.token_bytes(INLINE_BYTES + 1)


def stored(me: Session, data: bytes, kind: type[Record] = Media) -> StoredContent:
    """Store bytes for a record that is still to be made."""
    key = me.engine.repository.key_for_new(me.subject_id, kind, clock.now())
    content = me.engine.blobs.store(me.subject_id, new_id(), key, "image/jpeg", io.BytesIO(data)).content
    assert content.digest is not None
    return content


def without_digest(data: bytes, me: Session) -> StoredContent:
    """Store bytes; return what was said of them before contents had a digest."""
    content = stored(me, data)
    return StoredContent(content.blob_id, content.size, content.media_type)


def add(me: Session, content: StoredContent) -> Receipt:
    return me.do(Media.add, content, kind=MediaKind.PHOTO)


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_bytes_that_are_stored_twice_are_added_once(me: Session, stranger: Session, data: bytes) -> None:
    first, second = stored(me, data), stored(me, data)
    assert first.blob_id != second.blob_id
    kept = add(me, first)
    with pytest.raises(ClaimTaken):
        add(me, second)
    me.do(Content.trash, kept.id)
    with pytest.raises(ClaimTaken):
        add(me, second)
    add(me, stored(me, data + b"."))
    add(stranger, stored(stranger, data))


def test_bytes_of_another_medium_do_not_replace_those_of_this_one(me: Session) -> None:
    one, other = add(me, stored(me, b"one")), add(me, stored(me, b"other"))
    with pytest.raises(ClaimTaken):
        me.do(Media.replace_content, other.id, stored(me, b"one"))
    me.do(Media.replace_content, one.id, stored(me, b"better"))
    me.do(Media.replace_content, other.id, stored(me, b"one"))
    me.do(Media.replace_content, one.id, stored(me, b"better"))  # its own
    with pytest.raises(ClaimTaken):
        add(me, stored(me, b"better"))


@pytest.mark.parametrize("grain", ["record_id", "kind"])
def test_bytes_of_an_erased_medium_may_come_again(store: Store, me: Session, grain: str) -> None:
    kept = add(me, stored(me, SMALL))
    again = stored(me, SMALL)
    with pytest.raises(ClaimTaken):
        add(me, again)
    scope = {"record_id": kept.id, "kind": Media}[grain]
    assert store.erase(me.subject_id, grounds="art. 17(1)(b)", **{grain: scope}).done  # type: ignore[arg-type]  # see grain
    afresh = stored(me, SMALL)
    add(me, afresh)
    with pytest.raises(ClaimTaken):
        add(me, stored(me, SMALL))


@pytest.mark.parametrize("known", [stored, lambda me, data: without_digest(data, me)], ids=["digest", "id"])
def test_content_without_a_digest_is_known_by_its_id(
    me: Session, known: Callable[[Session, bytes], StoredContent]
) -> None:
    """As older events have it, and read tables tell it."""
    content = known(me, SMALL)
    kept = add(me, content)
    with pytest.raises(ClaimTaken):
        add(me, StoredContent(content.blob_id, content.size, content.media_type))
    me.do(Media.caption, kept.id, "still there")
    me.do(Media.replace_content, kept.id, StoredContent(content.blob_id, content.size, content.media_type))
    assert me.load(kept.id).version == 2


def test_a_medium_of_before_there_were_digests_is_not_known_by_its_bytes(me: Session) -> None:
    old = add(me, without_digest(SMALL, me))
    add(me, stored(me, SMALL))
    me.do(Media.replace_content, old.id, stored(me, LARGE))
    with pytest.raises(ClaimTaken):
        add(me, stored(me, LARGE))


def test_what_a_list_tells_of_a_medium_stands_for_its_content(store: Store, me: Session) -> None:
    kept = add(me, stored(me, SMALL))
    store.catch_up()
    (found,) = me.find(Media)
    loaded = me.load(kept.id)
    assert isinstance(loaded, Media)
    assert found.content is not None
    assert (found.content, found.content.digest) == (loaded.content, None)
    with pytest.raises(ClaimTaken):
        add(me, found.content)
    me.do(Media.replace_content, kept.id, found.content)
    with pytest.raises(ClaimTaken):
        add(me, stored(me, SMALL))  # the digest is known still


def test_equal_bytes_may_be_several_documents(me: Session) -> None:
    for _ in range(2):
        me.do(Document.receive, "Lease", content=stored(me, SMALL, Document))
