"""A photo, and a letter with attachments, as files from elsewhere, with strings of their own in all that has words."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from secrets import token_bytes

from tests.importers.pictures import picture, with_exif
from tests.privacy.planting import Planter

DESCRIPTION, MAKE, MODEL, ARTIST, COPYRIGHT = 0x010E, 0x010F, 0x0110, 0x013B, 0x8298
XP_TITLE, XP_COMMENT, XP_KEYWORDS = 0x9C9B, 0x9C9C, 0x9C9E
USER_COMMENT, LENS, OWNER, SERIAL = 0x9286, 0xA434, 0xA430, 0xA431
MAIN = {"description": DESCRIPTION, "make": MAKE, "model": MODEL, "artist": ARTIST, "copyright": COPYRIGHT}
OF_WINDOWS = {"title": XP_TITLE, "comment": XP_COMMENT, "keywords": XP_KEYWORDS}
OF_THE_SHOT = {"lens": LENS, "owner": OWNER, "serial number": SERIAL}


def photo(planter: Planter, folder: Path) -> Path:
    """Write a JPEG whose name and EXIF hold planted strings."""

    def text(name: str) -> str:
        return planter.string(f"photo {name}")

    exif = with_exif(
        {
            **{tag: text(name) for name, tag in MAIN.items()},
            **{tag: f"{text(name)}\0".encode("utf-16-le") for name, tag in OF_WINDOWS.items()},
        },
        {
            **{tag: text(name) for name, tag in OF_THE_SHOT.items()},
            USER_COMMENT: b"ASCII\0\0\0" + text("user comment").encode(),
        },
    )
    path = folder / f"{text('file name')}.jpg"
    path.write_bytes(picture(exif))
    return path


def letter(planter: Planter, folder: Path, *, filling: int) -> Path:
    """Write a mail whose headers, body and attachments hold planted strings; one attachment has ``filling`` more bytes."""

    def text(name: str) -> str:
        return planter.string(f"letter {name}")

    message = EmailMessage()
    message["From"] = f"{text('sender')} <{text('from')}@example.org>"
    message["To"] = f"{text('recipient')} <{text('to')}@example.org>"
    message["Subject"] = text("subject")
    message["Message-ID"] = f"<{text('message id')}@example.org>"
    message["X-Note"] = text("header of its own")
    message["Date"] = "Mon, 04 May 2026 10:00:00 +0200"
    message.set_content(f"Dear {text('body')},\n\nyours")
    message.add_attachment(
        text("attachment in text"), subtype="csv", filename=f"{text('name of the text attachment')}.csv"
    )
    message.add_attachment(
        text("attachment in bytes").encode() + token_bytes(filling),
        maintype="application",
        subtype="octet-stream",
        filename=f"{text('name of the attachment')}.bin",
    )
    path = folder / f"{(name := text('file name'))}.eml"
    planter.dropped.add(name)  # a message is known by what it says of itself
    path.write_bytes(message.as_bytes())
    return path
