"""Where backups lie: a folder or an object store. Names hold numbers and random ids only.

``runs/<number>-<random>/manifest.json`` and the files beside it; ``objects/`` has large content, each once.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore

from infrastructure.backup.columns import Row, unpack
from infrastructure.backup.manifest import Manifest, Part, decode, digest, encode
from infrastructure.blobs.objects import remote_store
from infrastructure.errors import BackupUnavailable, DamagedBackup, ForeignBackup, NoBackup

MANIFEST = "manifest.json"
RUNS, OBJECTS = "runs", "objects"
PIECE_BYTES = 1 << 20
_SYSTEM_ERROR = re.compile(r"\b(?:os error |code: )(\d+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part lies: its file and where in it the part begins."""

    file: str
    start: int
    part: Part


@dataclass(frozen=True, slots=True)
class Survey:
    """What a shelf holds: the runs that can be read, oldest first, and the manifests that cannot."""

    runs: tuple[Manifest, ...]
    damaged: tuple[str, ...]


class Shelf:
    """Reads and writes the files of backups. Every method may raise BackupUnavailable."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._manifests: dict[str, Manifest] = {}
        self._indexes: dict[str, dict[tuple[str, int], list[Place]]] = {}

    def survey(self) -> Survey:
        """Return the runs that were finished, oldest first; raises NewerBackup, ForeignBackup."""
        runs: list[Manifest] = []
        damaged: list[str] = []
        for run in self._folders():
            try:
                runs.append(self.manifest(run))
            except NoBackup:
                continue
            except DamagedBackup as error:
                damaged.append(error.file)
        if len({manifest.store_id for manifest in runs}) > 1:
            raise ForeignBackup
        runs.sort(key=lambda manifest: manifest.number)
        return Survey(tuple(runs), tuple(damaged))

    def last_number(self) -> int:
        """Return the highest number that a run has had, finished or not."""
        numbers = [run.partition("-")[0] for run in self._folders()]
        return max((int(number) for number in numbers if number.isdecimal()), default=0)

    def manifest(self, run: str) -> Manifest:
        """Return the manifest of a run; raises NoBackup, DamagedBackup, NewerBackup."""
        if run not in self._manifests:
            name = _manifest_of(run)
            if not self.has(name):
                raise NoBackup
            try:
                manifest = decode(self.read(name))
            except DamagedBackup:
                raise DamagedBackup(name) from None
            if manifest.run != run:
                raise DamagedBackup(name)
            self._manifests[run] = manifest
        return self._manifests[run]

    def seal_of(self, run: str) -> str:
        """Return the digest of a run's manifest, by which the next run names it."""
        return digest(self.read(_manifest_of(run)))

    def chain(self, run: str) -> list[Manifest]:
        """Return a run and those it builds on, the full one first; raises DamagedBackup where one is missing."""
        chain = [self.manifest(run)]
        while (base := chain[-1].base) is not None:
            try:
                before = self.manifest(base)
            except NoBackup:
                raise DamagedBackup(_manifest_of(base)) from None
            if self.seal_of(base) != chain[-1].base_sha256:
                raise DamagedBackup(_manifest_of(base))
            chain.append(before)
        return chain[::-1]

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest of a run, once all its files are as durable as the place makes them."""
        self._settle(f"{manifest.folder}/{file.name}" for file in manifest.files)
        name = _manifest_of(manifest.run)
        self.write(name, encode(manifest))
        self._settle([name])

    def sweep(self) -> int:
        """Delete the files of runs that were not finished; return how many. Only while no run is under way."""
        with _faults():
            left = [
                name
                for run in self._folders()
                if not self.has(_manifest_of(run))
                for name in self.names(f"{RUNS}/{run}/")
            ]
            self.delete(left)
        return len(left)

    def forget(self, manifest: Manifest) -> None:
        """Delete a run, its manifest first: broken off, it is a leftover and not a run with holes."""
        self._manifests.pop(manifest.run, None)
        self.delete([_manifest_of(manifest.run)])
        self.delete(self.names(f"{manifest.folder}/"))

    def places(self, manifest: Manifest, table: str, bucket: int) -> list[Place]:
        """Return where a run has the rows of a bucket, in order."""
        if manifest.run not in self._indexes:
            self._indexes[manifest.run] = _index_of(manifest)
        return self._indexes[manifest.run].get((table, bucket), [])

    def rows(self, place: Place) -> Iterator[Row]:
        """Return the rows of a part; raises DamagedBackup, which names file and bucket."""
        try:
            return unpack(self.read(place.file, place.start, place.part.bytes))
        except DamagedBackup:
            raise DamagedBackup(place.file, [place.part.bucket]) from None

    def has(self, name: str) -> bool:
        """Return whether a file is there."""
        with _faults():
            try:
                obstore.head(self._objects, name)
            except FileNotFoundError:
                return False
        return True

    def names(self, prefix: str) -> list[str]:
        """Return the names of all files below a prefix."""
        with _faults():
            return [str(item["path"]) for batch in obstore.list(self._objects, prefix) for item in batch]

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return a file, or a range of it; raises DamagedBackup where it is missing or shorter."""
        with _faults():
            try:
                if length is None:
                    return bytes(obstore.get(self._objects, name).bytes())
                found = bytes(obstore.get_range(self._objects, name, start=start, length=length))
            except FileNotFoundError:
                raise DamagedBackup(name) from None
            except obstore.exceptions.GenericError:
                raise self._shorter(name, start + (length or 0)) from None
        if len(found) != length:
            raise DamagedBackup(name)
        return found

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a file piece by piece; raises DamagedBackup where it is missing."""
        with _faults():
            try:
                for piece in obstore.get(self._objects, name).stream(min_chunk_size=PIECE_BYTES):
                    yield bytes(piece)
            except FileNotFoundError:
                raise DamagedBackup(name) from None

    def write(self, name: str, data: bytes) -> None:
        """Write a file: whole, or not at all."""
        with _faults():
            obstore.put(self._objects, name, data)

    def write_pieces(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file piece by piece: whole, or not at all."""
        with _faults():
            write_pieces(self._objects, name, pieces)

    def delete(self, names: Iterable[str]) -> None:
        """Delete files."""
        listed = list(names)
        with _faults():
            if listed:
                obstore.delete(self._objects, listed)
        if isinstance(self._objects, LocalStore):
            for folder in {(self._root() / name).parent for name in listed}:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()

    def _folders(self) -> list[str]:
        with _faults():
            found = obstore.list_with_delimiter(self._objects, f"{RUNS}/")
        return sorted(str(prefix).rstrip("/").rpartition("/")[2] for prefix in found["common_prefixes"])

    def _shorter(self, name: str, end: int) -> Exception:
        """Tell a file that ends too early from a place that cannot be read."""
        if obstore.head(self._objects, name)["size"] < end:
            return DamagedBackup(name)
        return BackupUnavailable()

    def _settle(self, names: Iterable[str]) -> None:
        """Wait until files in a folder are on the disk; an object store has them when it says so."""
        if not isinstance(self._objects, LocalStore):
            return
        with _faults():
            paths = [self._root() / name for name in names]
            for path in (*paths, *{path.parent for path in paths}):
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def _root(self) -> Path:
        return Path(str(self._objects.prefix))  # type: ignore[union-attr]  # asked of a LocalStore only


def shelf_at(place: str) -> Shelf:
    """Return the shelf at a URL (s3://…, gs://…, file://…) or in a folder, made with mode 0700."""
    if "://" in place and not place.startswith("file://"):
        return Shelf(remote_store("LIFELEDGER_BACKUP_URL", place))
    folder = Path(place.removeprefix("file://")).absolute()
    with _faults():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Shelf(LocalStore(str(folder)))


def write_pieces(objects: ObjectStore, name: str, pieces: Iterable[bytes]) -> None:
    """Write an object piece by piece; where the pieces break off, there is none."""
    # Not by put() with an iterator: what the iterator does must not itself ask an object store.
    writer = obstore.open_writer(objects, name, max_concurrency=1)
    for piece in pieces:
        writer.write(piece)
    writer.close()


def _manifest_of(run: str) -> str:
    return f"{RUNS}/{run}/{MANIFEST}"


def _index_of(manifest: Manifest) -> dict[tuple[str, int], list[Place]]:
    index: dict[tuple[str, int], list[Place]] = defaultdict(list)
    for file in manifest.files:
        start = 0
        for part in file.parts:
            index[part.table, part.bucket].append(Place(f"{manifest.folder}/{file.name}", start, part))
            start += part.bytes
    return dict(index)


@contextmanager
def _faults() -> Iterator[None]:
    """Say one thing of whatever a disk or an object store refuses: its own text may hold names of ours."""
    try:
        yield
    except (OSError, obstore.exceptions.BaseError) as error:
        msg = f"the place of the backups cannot be used: {_reason(error)}"
        raise BackupUnavailable(msg) from None


def _reason(error: Exception) -> str:
    """Return what the system says of its error; obstore gives the number in a text that also has the path."""
    told = _SYSTEM_ERROR.search(str(error))
    number = getattr(error, "errno", None) or (int(told[1]) if told else 0)
    if number:
        return os.strerror(number)
    return "no answer" if isinstance(error, OSError) else type(error).__name__
