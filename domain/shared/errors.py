"""The errors of the domain; the docstring of a class is the message a person sees.

No message ever repeats what was put in: it is personal data.

    LifeledgerError
    └── DomainError                 a rule of the domain says no
        ├── InvalidInput            an argument is outside what the command's signature allows
        ├── IllegalTransition       the record's state does not allow the command
        │   ├── RecordTrashed
        │   └── NotTrashed
        ├── RuleBroken              the state does, but an invariant would not hold afterwards
        ├── ItemNotFound            a part of the record (a checklist item, an attendee) is not there
        └── PeerUnusable            a record that the command refers to is missing or in the trash

Aggregates derive their own errors from these; infrastructure derives its own from LifeledgerError.
"""

from __future__ import annotations

import inspect
import re


class LifeledgerError(Exception):
    """Something lifeledger could not do."""

    def __str__(self) -> str:
        return super().__str__() or _message(type(self))


def _message(kind: type[LifeledgerError]) -> str:
    if LifeledgerError.__doc__ is None:  # python -OO
        return re.sub("(?<=.)(?=[A-Z])", " ", kind.__name__).lower()
    return " ".join((inspect.getdoc(kind) or kind.__name__).split())


class DomainError(LifeledgerError):
    """A rule of the domain does not allow this."""


class InvalidInput(DomainError):
    """An argument is missing, unknown or outside its allowed range."""


class IllegalTransition(DomainError):
    """The record's state does not allow this."""


class RecordTrashed(IllegalTransition):
    """The record is in the trash; restore it first."""


class NotTrashed(IllegalTransition):
    """The record is not in the trash."""


class RuleBroken(DomainError):
    """A rule about this kind of record would be broken."""


class ItemNotFound(DomainError):
    """The record has no such part."""


class PeerUnusable(DomainError):
    """A record this one would refer to does not exist or is in the trash."""
