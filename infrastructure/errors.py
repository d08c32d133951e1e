"""The errors of the machinery, beside the domain's own (domain/shared/errors.py).

LifeledgerError
├── NotFound                no such record for this person
├── VersionConflict         somebody else changed the record first
├── ClaimTaken              a value that must be unique is in use
├── SourceAlreadyKept       the same thing was imported before
├── CommandIdReused         a command id came back with other content
├── Erased                  the keys of what was asked for are destroyed
├── KeyUnavailable          the keys exist but cannot be used now; work stops
│   └── RootKeyProblem      the root key is missing, wrong or readable by others
├── CorruptEvent            a stored event does not authenticate or decode
├── InvalidCursor           a page cursor was not made for this question
├── InvalidQuery            a filter, sort or limit that is not offered
├── NotYetProjected         a read model did not reach a receipt in time
├── Unavailable             PostgreSQL cannot be reached or refused the work
├── BackupProblem           a backup cannot be written, read or brought back
│   ├── BackupRunning       another backup or restore is at work
│   ├── BackupUnavailable   the place of the backups cannot be used now
│   ├── NoBackup            there is none
│   ├── DamagedBackup       a file is missing, cut off or changed
│   ├── NewerBackup         made by a newer version
│   ├── ForeignBackup       of another store, or of another one's keys
│   ├── NotEmpty            the store that is to be restored into has events
│   └── RestoreUnfinished   the store is being restored, or a restore was broken off
├── CopyUnusable            a portable copy cannot be written, opened or read
└── ConfigurationError      settings that do not fit together
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.shared.errors import LifeledgerError


class NotFound(LifeledgerError):
    """There is no such record."""


class VersionConflict(LifeledgerError):
    """The record, or one the command looked at, was changed by somebody else; load it again."""


class ClaimTaken(LifeledgerError):
    """A value that must be unique is already in use."""


class SourceAlreadyKept(LifeledgerError):
    """This was imported before."""

    def __init__(self, record_id: UUID) -> None:
        super().__init__()
        self.record_id = record_id


class CommandIdReused(LifeledgerError):
    """A command with this id was carried out before, with other content."""


class Erased(LifeledgerError):
    """This was erased: its keys are destroyed."""


class KeyUnavailable(LifeledgerError):
    """The keys cannot be read at the moment."""


class RootKeyProblem(KeyUnavailable):
    """The root key is missing, does not fit the keys database or may be read by others."""


class CorruptEvent(LifeledgerError):
    """A stored event does not authenticate or cannot be decoded."""


class InvalidCursor(LifeledgerError):
    """The cursor was not made for this question."""


class InvalidQuery(LifeledgerError):
    """The filter, order or limit is not one this kind of record offers."""


class NotYetProjected(LifeledgerError):
    """The read model has not reached the receipt in time; a worker may not be running."""


class Unavailable(LifeledgerError):
    """The database cannot be reached or did not finish in time."""


class ConfigurationError(LifeledgerError):
    """The settings do not fit together."""


class BackupProblem(LifeledgerError):
    """A backup cannot be written, read or brought back."""


class BackupRunning(BackupProblem):
    """Another backup or restore of this store is at work."""


class BackupUnavailable(BackupProblem):
    """The place of the backups cannot be used."""


class NoBackup(BackupProblem):
    """There is no such backup."""


class DamagedBackup(BackupProblem):
    """A file of the backup is missing, cut off or changed."""

    def __init__(self, file: str = "", buckets: Sequence[int] = ()) -> None:
        place = f": {file}" if file else ""
        where = f", bucket {', '.join(map(str, buckets))}" if buckets else ""
        super().__init__(f"the backup is damaged{place}{where}")
        self.file = file
        self.buckets = tuple(buckets)


class NewerBackup(BackupProblem):
    """The backup was made by a newer version of lifeledger."""


class ForeignBackup(BackupProblem):
    """The backup is of another store than the keys at hand."""


class NotEmpty(BackupProblem):
    """The store has events; a backup is restored into an empty one."""


class RestoreUnfinished(BackupProblem):
    """This store is being restored; give the restore command again to finish what was broken off."""


class CopyUnusable(LifeledgerError):
    """The portable copy is not whole, or not for this key."""
