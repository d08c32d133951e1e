"""The errors of the machinery, beside the domain's own (domain/shared/errors.py).

LifeledgerError
├── NotFound                no such record for this person
│   └── NoStore             the data directory has no store in it
├── VersionConflict         somebody else changed the record first
│   └── FencesMoved         an erasure or a restriction began or ended meanwhile
├── ClaimTaken              a value that must be unique is in use
├── SourceAlreadyKept       the same thing was imported before
├── CommandIdReused         a command id came back with other content
├── Erased                  the keys of what was asked for are destroyed
│   └── SubjectErased       the person, or this part of their data, is erased or being erased
│       └── TooLateToHold   its erasure had begun before the hold was placed
├── NotUnderHold            no hold allows to read this for this purpose
├── HeldByRecord            the record itself holds: its own command releases it
├── ProcessingRestricted    the person has restricted what may be done with this
├── ErasureUnfinished       a step of an erasure waits for something; it goes on by itself
├── ErasureFileProblem      the file of erasures does not fit the databases
│   ├── StaleErasureFile    it knows less than they do
│   └── BrokenErasureFile   it was changed or cut
├── KeyUnavailable          the keys exist but cannot be used now; work stops
│   └── RootKeyProblem      the root key is missing, wrong or readable by others
├── KeyCareInProgress       a rotation, backup or restore of keys is under way
├── KeyBackupRefused        a key backup is not whole, not this store's or older than the keys database
├── CorruptEvent            a stored event does not authenticate or decode
├── InvalidCursor           a page cursor was not made for this question
├── InvalidQuery            a filter, sort or limit that is not offered
│   ├── NoWords             a search by a blank text
│   ├── TooManyWords        a search by a text that is too long
│   └── WindowTooLong       a series takes place too often in the window for one answer
├── PastIsReadOnly          a command was given to the past
├── NotYetProjected         a read model did not reach a receipt in time
├── RebuildRefused          read tables cannot be built, compared or swapped as things stand
│   ├── RebuildAborted      what was being built was dropped, or emptied by a crash
│   └── UnknownReadModel    no read table or frozen store has this name
├── ReadOnlyStore           the store is of a moment that is past; nothing can be added to it
├── Unavailable             PostgreSQL cannot be reached or refused the work
│   ├── NoRoom              the disk of the database is full
│   ├── StatementRefused    it refused a statement for what is in it: a fault, to be reported
│   └── ImportBrokenOff     a process of an import died; the same import again goes on from there
├── Busy                    more is asked at once than this process has connections for
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
└── ConfigurationError      settings that are not valid or do not fit together
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.shared.errors import LifeledgerError


class NotFound(LifeledgerError):
    """There is no such record."""


class NoStore(NotFound):
    """There is no store in the data directory."""


class VersionConflict(LifeledgerError):
    """The record, or one the command looked at, was changed by somebody else; load it again."""


class FencesMoved(VersionConflict):
    """An erasure or a restriction began or ended while the command was carried out; carry it out again."""


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


class SubjectErased(Erased):
    """This person, or this part of their data, is erased or is being erased: no command is taken."""


class TooLateToHold(SubjectErased):
    """The erasure of this has begun: it cannot be put under hold any more."""


class NotUnderHold(LifeledgerError):
    """No hold that stands allows to read this for this purpose."""


class HeldByRecord(LifeledgerError):
    """The record itself demands to be kept; the command of its own that releases it has to be given."""


class ProcessingRestricted(LifeledgerError):
    """The processing of this is restricted."""


class ErasureUnfinished(LifeledgerError):
    """The erasure is not finished yet; what remains is done as soon as it can be."""


class ErasureFileProblem(LifeledgerError):
    """The erasure file does not fit the databases."""


class StaleErasureFile(ErasureFileProblem):
    """The erasure file knows fewer erasures than the databases: it is missing, or older than they are."""


class BrokenErasureFile(ErasureFileProblem):
    """The erasure file was changed or cut: a line does not continue the one before, or its signature is wrong."""


class KeyUnavailable(LifeledgerError):
    """The keys cannot be read at the moment."""


class RootKeyProblem(KeyUnavailable):
    """The root key is missing, does not fit the keys database or may be read by others."""


class KeyCareInProgress(LifeledgerError):
    """A rotation, backup or restore of the keys is under way; try again when it is done."""


class KeyBackupRefused(LifeledgerError):
    """The key backup cannot be used here."""


class CorruptEvent(LifeledgerError):
    """A stored event does not authenticate or cannot be decoded."""


class InvalidCursor(LifeledgerError):
    """The cursor was not made for this question."""


class InvalidQuery(LifeledgerError):
    """The filter, order or limit is not one this kind of record offers."""


class NoWords(InvalidQuery):
    """There are no words to search for."""


class TooManyWords(InvalidQuery):
    """A search has 10,000 characters at the most."""


class WindowTooLong(InvalidQuery):
    """An event takes place more than 10,000 times in this window, or all do more than 100,000 times; ask for a shorter one."""


class PastIsReadOnly(LifeledgerError):
    """The past can be asked, not changed; a revert brings a state back."""


class NotYetProjected(LifeledgerError):
    """The read model has not reached the receipt in time; a worker may not be running."""


class RebuildRefused(LifeledgerError):
    """The read models cannot be rebuilt as things stand."""


class RebuildAborted(RebuildRefused):
    """The read models that were being built were dropped, or emptied by a crash; nothing has changed."""


class UnknownReadModel(RebuildRefused):
    """There is no read model and no store of an earlier moment of that name."""


class ReadOnlyStore(LifeledgerError):
    """This is the store as it was at an earlier moment; commands go to the present one."""


class Unavailable(LifeledgerError):
    """The database cannot be reached or did not finish in time."""


class ErasureFileUnusable(Unavailable):
    """The erasure file cannot be read or written; see LIFELEDGER_ERASURE_FILE."""


class NoRoom(Unavailable):
    """The database has no room on its disk; make some, and repeat."""


class StatementRefused(Unavailable):
    """PostgreSQL refused a statement; this is a fault of the program or of the schema."""

    def __init__(self, sqlstate: str | None = None) -> None:
        super().__init__(f"PostgreSQL refused a statement (SQLSTATE {sqlstate or 'unknown'})")
        self.sqlstate = sqlstate


class ImportBrokenOff(Unavailable):
    """A process of the import was killed; what it took in stays, and the same import again goes on from there."""


class Busy(LifeledgerError):
    """Too much is asked of this process at the same time; try again later."""


class ConfigurationError(LifeledgerError):
    """A setting is not valid, or the settings do not fit together."""


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


class ContentOfAnother(LifeledgerError):
    """The store keeps content of this copy for somebody else: take it in there, or in a store without them."""


class CopyUnusable(LifeledgerError):
    """The portable copy is not whole, or not for this key."""
