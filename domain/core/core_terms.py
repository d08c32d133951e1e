"""Words that several kinds of the core context share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from domain.catalogue import KINDS
from domain.shared.values import Id


def _known_kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError("must be the name of a kind of record")
    return name


KindName = Annotated[str, AfterValidator(_known_kind)]
"""The name of a kind of record: ``task``."""


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A record of any kind, in any context."""

    kind: KindName
    id: Id
