"""What is written in every benchmark: a task whose event is about 430 bytes of JSON, for us and for the peer."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

JSON_BYTES = 430
NOTE_CHARACTERS = 112
_TEXTS = 1000  # different ones: the same text again and again would compress better than what people write
_VOCABULARY = (
    "passport renew bring photo form office friday queue early call aunt train ticket seat window north"
    " harbour milk bread paper ink letter stamp bank form sign copy three weeks before summer rent key"
    " spare neighbour water plants garden shed paint brush white wall kitchen lamp socket cable drawer"
)
_WORDS = _VOCABULARY.split()


def _note(number: int) -> str:
    random = Random(number)  # noqa: S311 - words, not secrets
    return " ".join(random.choice(_WORDS) for _ in range(40))[:NOTE_CHARACTERS]


NOTES = tuple(_note(number) for number in range(_TEXTS))


def task(number: int) -> dict[str, Any]:
    """Return the arguments of Task.create."""
    return {
        "title": f"Renew the passport {number:08}",
        "notes": NOTES[number % _TEXTS],
        "due": date(2026, 1, 1) + timedelta(days=number % 365),
    }
