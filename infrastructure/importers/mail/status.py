"""Reads what a mail program wrote into a message about how it was filed: folder, flags, labels."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from unicodedata import normalize

from domain.communication.email_terms import DRAFTS, INBOX, JUNK, SENT
from infrastructure.importers.mail.headers import Headers
from infrastructure.importers.text import one_line

ARCHIVE = "archive"
TRASH = "trash"


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split("; "))


_NAMES = {
    INBOX: "inbox; posteingang; boîte de réception; recibidos; bandeja de entrada; caixa de entrada"
    "; posta in arrivo; in arrivo; postvak in",
    SENT: "sent; sent mail; sent items; sent messages; gesendet; gesendete objekte; gesendete elemente; envoyés"
    "; messages envoyés; éléments envoyés; enviados; mensajes enviados; elementos enviados; e-mails enviados"
    "; mensagens enviadas; itens enviados; inviati; posta inviata; inviata; verzonden; verzonden items",
    DRAFTS: "draft; drafts; entwurf; entwürfe; brouillon; brouillons; borrador; borradores; rascunho; rascunhos; bozza; bozze"
    "; concepten",
    JUNK: "spam; junk; junk e-mail; bulk mail; courrier indésirable; indésirables; correo no deseado; posta indesiderata"
    "; ongewenste e-mail",
    TRASH: "trash; bin; deleted items; deleted messages; papierkorb; gelöschte elemente; corbeille; éléments supprimés; papelera"
    "; elementos eliminados; lixo; lixeira; itens excluídos; itens eliminados; cestino; posta eliminata; prullenbak"
    "; verwijderde items",
    ARCHIVE: "archive; archives; archived; archiv; archiviert; archivé; archivés; archivado; archivados; arquivado"
    "; arquivados; arquivo; archiviato; archiviati; archivio; gearchiveerd; archief",
}
"""What the folders that every mail program has are called in English, German, French, Spanish, Portuguese, Italian and Dutch."""
_FOLDERS = {name: folder for folder, names in _NAMES.items() for name in _words(names)}

_FOLDER_ORDER = (JUNK, TRASH, DRAFTS, SENT, INBOX, ARCHIVE)
_UNREAD = _words(
    "unread; ungelesen; non lu; non lus; no leído; no leídos; não lido; não lidos; não lida; não lidas; non letto"
    "; non letti; da leggere; ongelezen"
)
_STARRED = _words(
    "starred; markiert; suivis; messages suivis; destacado; destacados; com estrela; speciali; met ster"
)
_NO_TAGS = _words(
    "opened; geöffnet; ouvert; ouverts; abierto; abiertos; aberto; abertos; aberta; abertas; aperto; aperti; letto; letti"
    "; geopend; important; importants; wichtig; importante; importantes; importanti; belangrijk; chat; muted"
)
_CATEGORY = re.compile(r"(category|kategorie|catégorie|categoría|categoria|categorie)\b", re.IGNORECASE)

_MOZILLA_READ, _MOZILLA_REPLIED, _MOZILLA_MARKED, _MOZILLA_EXPUNGED, _MOZILLA_FORWARDED = (
    0x0001,
    0x0002,
    0x0004,
    0x0008,
    0x1000,
)
_MOZILLA_TAGS = {
    "$label1": "Important",
    "$label2": "Work",
    "$label3": "Personal",
    "$label4": "To Do",
    "$label5": "Later",
}
"""The tags that Thunderbird has from the beginning."""
_MAX_LABELS_CHARACTERS = 10_000
_MAX_TAGS = 100


@dataclass(slots=True)
class Status:
    """How a message was filed."""

    folder: str | None = None
    is_read: bool = True
    is_flagged: bool = False
    is_answered: bool = False
    is_forwarded: bool = False
    is_junk: bool = False
    is_expunged: bool = False
    """Deleted, and only in the file because its program has not compacted it yet."""
    tags: tuple[str, ...] = ()


def status_of(headers: Headers, file_name: str) -> Status:
    """Return how a message was filed.

    It counts as read unless its program says otherwise: who brings in ten years of mail from a program that
    kept no marks does not want ten thousand unread messages.
    """
    status = Status(folder=_FOLDERS.get(normalize("NFC", file_name).casefold().replace("_", " ")))
    status.is_junk = status.folder == JUNK or _is_spam(headers)
    if headers.raw("x-unsent").strip() == "1":  # a draft that Outlook has saved
        status.folder = DRAFTS
    _unix(status, headers)
    _mozilla(status, headers)
    _gmail(status, headers)
    return status


def _unix(status: Status, headers: Headers) -> None:
    """Take the marks of mail programs on Unix: R is read, O is old; A, F, D and T stand in X-Status."""
    if "status" in headers:
        status.is_read = "R" in headers.raw("status")[:20].upper()
    marks = headers.raw("x-status")[:20].upper()
    status.is_answered = "A" in marks
    status.is_flagged = "F" in marks
    if "T" in marks:
        status.folder = DRAFTS
    if "D" in marks:
        status.folder = TRASH


def _mozilla(status: Status, headers: Headers) -> None:
    """Take the marks of Thunderbird: a hexadecimal number of bits, and keywords."""
    try:
        bits = int(headers.raw("x-mozilla-status")[:8].strip(), 16)
    except ValueError:
        pass
    else:
        status.is_read = bool(bits & _MOZILLA_READ)
        status.is_answered = bool(bits & _MOZILLA_REPLIED)
        status.is_flagged = bool(bits & _MOZILLA_MARKED)
        status.is_forwarded = bool(bits & _MOZILLA_FORWARDED)
        status.is_expunged = bool(bits & _MOZILLA_EXPUNGED)
    keys = headers.text("x-mozilla-keys").split()
    status.is_junk = status.is_junk or "junk" in {key.lower() for key in keys}
    tags = [_MOZILLA_TAGS.get(key.lower(), key) for key in keys]
    _add_tags(
        status, [tag for tag in tags if tag[:1] not in "$\\" and tag.lower() not in {"junk", "nonjunk"}]
    )


def _gmail(status: Status, headers: Headers) -> None:
    """Take the labels of a Gmail export: folders, marks and the person's own."""
    text = one_line(headers.text("x-gmail-labels"), _MAX_LABELS_CHARACTERS)
    labels = [label.strip() for label in next(csv.reader([text], skipinitialspace=True), ()) if label.strip()]
    if not labels:
        return
    names = {label.casefold() for label in labels}
    folders = {_FOLDERS[name] for name in names if name in _FOLDERS}
    status.folder = next((folder for folder in _FOLDER_ORDER if folder in folders), ARCHIVE)
    status.is_read = not names & _UNREAD
    status.is_flagged = bool(names & _STARRED)
    status.is_junk = status.folder == JUNK
    known = _FOLDERS.keys() | _UNREAD | _STARRED | _NO_TAGS
    _add_tags(status, [each for each in labels if each.casefold() not in known and not _CATEGORY.match(each)])


def _add_tags(status: Status, tags: list[str]) -> None:
    cut = (one_line(tag, 64) for tag in tags[:_MAX_TAGS])
    status.tags = tuple(dict.fromkeys((*status.tags, *(tag for tag in cut if tag))))


def _is_spam(headers: Headers) -> bool:
    """Whether the receiving server's filter took the message for spam."""
    return headers.raw("x-spam-flag").strip().lower() == "yes"
