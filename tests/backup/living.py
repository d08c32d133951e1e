"""What histories of commands leave out: imports that come again, and content of every size."""

from __future__ import annotations

from random import Random

from infrastructure.blobs.blobs import INLINE_BYTES
from infrastructure.importers.batch import Intake
from infrastructure.importers.draft import Content, Draft
from infrastructure.store.session import Session


def keep_mail(me: Session, number: int, size: int) -> None:
    """Import a mail of which the source has ``size`` bytes."""
    arguments = {"received_at": me.load(me.subject_id).created_on, "subject": f"mail {number}"}
    content = Content("source_content", "message/rfc822", data=Random(number).randbytes(size))
    Intake(me, "file.test").take([Draft("email", "receive", f"mail-{number}", arguments, content=content)])


def import_tasks(me: Session, title: str, count: int = 25) -> None:
    """Import tasks by COPY; those known are refreshed where the title is another."""
    drafts = [
        Draft("task", "create", f"uid-{number}", {"title": f"{title} {number}"}, update="refresh")
        for number in range(count)
    ]
    Intake(me, "file.test").take(drafts)


def import_variously(me: Session, seed: int) -> None:
    """Import mail below and above what the ledger itself keeps, and tasks."""
    random = Random(seed)
    for number in range(3):
        keep_mail(me, seed * 10 + number, random.choice((0, 900, INLINE_BYTES, INLINE_BYTES * 3)))
    keep_mail(me, seed * 10 + 9, INLINE_BYTES + 1)
    import_tasks(me, f"seed {seed}", random.randrange(1, 40))
