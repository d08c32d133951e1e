"""The picture in a vCard is kept as a medium, and is that of its contact."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest

from domain.communication.contact import Contact
from domain.communication.contact_terms import ContactName
from domain.media.media import Media
from domain.shared.errors import PeerUnusable
from infrastructure.importers.draft import Draft, Outcome, Refused
from infrastructure.importers.run import import_paths
from infrastructure.store.session import Session
from infrastructure.store.store import Store
from tests.importers.address_books import IMPORTER, card, cards
from tests.importers.pictures import FULL, picture
from tests.importers.reading import MISSING, read, samples, written

BYTES, SHOT = picture(form="PNG"), picture(FULL)
IN_BASE64 = base64.b64encode(BYTES).decode()
FOLDED = textwrap.wrap(IN_BASE64, 70)
FILES = samples("contacts", ".vcf")
needs_samples = pytest.mark.skipif(not FILES, reason=MISSING)


def folded(head: str, *, indent: str = " ") -> tuple[str, ...]:
    return (head + FOLDED[0], *(indent + each for each in FOLDED[1:]))


def bytes_of(found: Sequence[Draft | Refused]) -> bytes | None:
    """Return the bytes of the picture that a card with a name has, after which the contact follows."""
    media, contact = found
    assert isinstance(media, Draft)
    assert isinstance(contact, Draft)
    assert media.content is not None
    assert (media.kind, media.content.media_type) == ("media", "image/png")
    assert [(each.source_id, each.verb) for each in contact.attached] == [(media.source_id, "refresh_photo")]
    assert contact.arguments["notes"] == "after"
    return media.content.data


@pytest.mark.parametrize(
    "lines",
    [
        folded("PHOTO;ENCODING=b;TYPE=PNG:"),
        folded("item1.PHOTO;ENCODING=BASE64;PNG:"),
        ("PHOTO;BASE64:", *(f"  {each}" for each in FOLDED), ""),
        folded("PHOTO;TYPE=JPEG;ENCODING=B:"),  # the bytes know better
        folded("PHOTO;MEDIATYPE=image/png;ENCODING=b:"),
        (f"PHOTO:data:image/png;base64,{IN_BASE64}",),
        (f"PHOTO:data:image/png\\;base64\\,{IN_BASE64}",),
        (f"PHOTO:data:image/png,{quote_from_bytes(BYTES)}",),
        (f"PHOTO:{IN_BASE64.rstrip('=')}",),
        ("PHOTO:", *folded("PHOTO;ENCODING=b:")),
        folded("LOGO;ENCODING=b:"),
    ],
)
def test_picture_is_read_however_it_is_written(tmp_path: Path, lines: tuple[str, ...]) -> None:
    text = "\r\n".join(("BEGIN:VCARD", "FN:Ada", *lines, "NOTE:after", "END:VCARD", ""))
    assert bytes_of(cards(tmp_path, text)) == BYTES


@pytest.mark.parametrize(
    "line",
    ["PHOTO;ENCODING=b:/9j=/4AA", "PHOTO:not a picture at all", "LOGO;BASE64:!", "PHOTO;ENCODING=b:AAAA"],
)
def test_picture_that_is_broken_is_told_and_the_contact_kept(tmp_path: Path, line: str) -> None:
    broken, contact = cards(tmp_path, f"BEGIN:VCARD\nFN:Ada\n{line}\nEND:VCARD\n")
    assert broken == Refused("broken_attachment")
    assert isinstance(contact, Draft)
    assert contact.attached == ()


def test_address_of_a_picture_stands_in_the_notes(tmp_path: Path) -> None:
    found = card(tmp_path, "PHOTO;VALUE=uri:https://example.org/ada.jpg", "KEY:https://example.org/key")
    assert found["notes"] == "Photo: https://example.org/ada.jpg\nPublic key: https://example.org/key"


def test_what_is_inside_of_a_card_and_not_kept_is_counted(store: Store, me: Session, tmp_path: Path) -> None:
    empty = ("PHOTO:", "SOUND;ENCODING=b:", "KEY:https://example.org/key")
    lines = ("LOGO;ENCODING=b:AAAA", *folded("PHOTO;ENCODING=b:"), *folded("PHOTO;ENCODING=b:"))
    others = ("SOUND;ENCODING=b:AAAA", "KEY;ENCODING=b:AAAA", "KEY;ENCODING=b:AAAA")
    card = "\n".join(("BEGIN:VCARD", "UID:1", "FN:Ada", *lines, *others, *empty, "END:VCARD", ""))
    for outcome in (Outcome.CREATED, Outcome.UNCHANGED):
        report = import_paths(me, [written(tmp_path, "book.vcf", card)])
        assert dict(report.outcomes) == {outcome: 2, Outcome.SKIPPED: 5}
        assert report.files[0].reasons == {"second_picture": 2, "sound": 1, "public_key": 2}
    assert ada(store, me).photo_media_id is not None


@needs_samples
def test_pictures_of_the_samples_are_pictures() -> None:
    found = [each for path in FILES for each in read(IMPORTER, path) if isinstance(each, Draft)]
    media = [each for each in found if each.kind == "media"]
    assert [each.content.media_type for each in media if each.content is not None] == ["image/jpeg"] * 4
    assert all(each.arguments.get("width") for each in media)


def book(folder: Path, photo: bytes, name: str = "Ada") -> Path:
    lines = ("BEGIN:VCARD", "UID:1", f"FN:{name}", f"PHOTO;ENCODING=b:{base64.b64encode(photo).decode()}")
    path = folder / "book.vcf"
    path.write_text("\n".join((*lines, "END:VCARD", "")), "utf-8")
    return path


def ada(store: Store, me: Session) -> Contact:
    store.catch_up()
    (contact,) = me.find(Contact)
    return contact


def test_contact_is_shown_by_the_picture_of_its_card(store: Store, me: Session, tmp_path: Path) -> None:
    report = import_paths(me, [book(tmp_path, SHOT)])
    assert dict(report.outcomes) == {Outcome.CREATED: 2}
    photo = ada(store, me).photo_media_id
    assert photo is not None
    media = me.load(photo)
    assert isinstance(media, Media)
    assert media.content is not None
    assert b"".join(me.content(media.content.blob_id)) == SHOT
    assert dict(import_paths(me, [book(tmp_path, SHOT)]).outcomes) == {Outcome.UNCHANGED: 2}


def test_contact_follows_the_picture_at_its_source(store: Store, me: Session, tmp_path: Path) -> None:
    import_paths(me, [book(tmp_path, SHOT)])
    first = ada(store, me).photo_media_id
    import_paths(me, [book(tmp_path, SHOT, name="Ada Lovelace")])
    assert ada(store, me).photo_media_id == first
    import_paths(me, [book(tmp_path, BYTES, name="Ada Lovelace")])
    assert ada(store, me).photo_media_id not in {None, first}


@pytest.mark.parametrize("own", ["another", "none"])
def test_picture_that_the_person_has_chosen_stays(
    store: Store, me: Session, tmp_path: Path, own: str
) -> None:
    import_paths(me, [book(tmp_path, SHOT)])
    (tmp_path / "own.png").write_bytes(BYTES)
    import_paths(me, [tmp_path / "own.png"])
    contact = ada(store, me)
    pictures = {each.id for each in me.find(Media)} - {contact.photo_media_id}
    chosen = pictures.pop() if own == "another" else None
    me.do(Contact.set_photo, contact.id, chosen)
    import_paths(me, [book(tmp_path, picture(form="GIF"), name="Ada Lovelace")])
    assert (ada(store, me).photo_media_id, ada(store, me).name.full) == (chosen, "Ada Lovelace")


def test_picture_of_a_contact_is_a_living_medium(me: Session) -> None:
    contact = me.do(Contact.add, ContactName("Ada")).id
    with pytest.raises(PeerUnusable):
        me.do(Contact.set_photo, contact, contact)
