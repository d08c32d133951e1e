"""Where content lies that is too large for the ledger: a local folder, or an object store by URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from infrastructure.errors import ConfigurationError, NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PARTS_IN_FLIGHT = 2  # of 5 MB each, while an upload waits


class Objects:
    """Keeps encrypted bytes by name. obstore is loaded and the folder made when the first one is asked for."""

    def __init__(self, url: str | None, folder: Path) -> None:
        """``url`` names an object store (s3://…, gs://…, file://…); without one, ``folder`` is used."""
        self._url = url
        self._folder = folder

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Store an object while its pieces are made; raises Unavailable, and then there is none."""
        import obstore  # noqa: PLC0415 - 40 ms, and few commands touch large content

        try:
            obstore.put(self._store, name, iter(pieces), max_concurrency=PARTS_IN_FLIGHT)
        except (OSError, obstore.exceptions.BaseError):
            raise Unavailable from None

    def parts(self, name: str, *, part_bytes: int) -> Iterator[bytes]:
        """Yield an object's bytes in parts of at least a size; raises NotFound, Unavailable."""
        import obstore  # noqa: PLC0415 - see put

        try:
            for part in obstore.get(self._store, name).stream(min_chunk_size=part_bytes):
                yield bytes(part)
        except FileNotFoundError:
            raise NotFound from None
        except (OSError, obstore.exceptions.BaseError):
            raise Unavailable from None

    def delete(self, name: str) -> None:
        """Delete an object; one that is not there is passed over. Raises Unavailable."""
        import obstore  # noqa: PLC0415 - see put

        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return
        except (OSError, obstore.exceptions.BaseError):
            raise Unavailable from None

    @cached_property
    def _store(self) -> ObjectStore:
        return object_store(self._url, self._folder)


def object_store(url: str | None, folder: Path) -> ObjectStore:
    """Return the object store a URL names, or a local folder of mode 0700."""
    from obstore.store import LocalStore  # noqa: PLC0415 - see Objects.put

    if url is not None:
        return remote_store("LIFELEDGER_BLOB_URL", url)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(str(folder))


def remote_store(setting: str, url: str) -> ObjectStore:
    """Return the object store that a setting names by its URL; raises ConfigurationError where there can be none."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - see Objects.put
    from obstore.store import from_url  # noqa: PLC0415 - see Objects.put

    try:
        return from_url(url)
    except (ValueError, BaseError):
        msg = f"{setting} must be an address of an object store, such as s3://bucket/folder"
        raise ConfigurationError(msg) from None
