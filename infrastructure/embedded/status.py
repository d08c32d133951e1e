"""The word of a keeper that the servers answer, valid as long as the keeper lives."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from infrastructure.embedded.layout import Layout
from infrastructure.embedded.locks import file_is_held, is_held, is_named, try_exclusive


@dataclass(frozen=True, slots=True)
class ServerStatus:
    keeper_pid: int
    postgres_pid: int
    redis_pid: int | None
    """None while a Redis that keeps falling is left down."""
    uptime_seconds: float
    idle_seconds: float
    """How long the servers stay up without a client."""
    socket_dir: Path


@dataclass(frozen=True, slots=True)
class Ready:
    keeper_pid: int
    postgres_pid: int
    redis_pid: int | None
    up_since: float
    idle_seconds: float
    socket_dir: str

    def status(self) -> ServerStatus:
        return ServerStatus(
            keeper_pid=self.keeper_pid,
            postgres_pid=self.postgres_pid,
            redis_pid=self.redis_pid,
            uptime_seconds=max(0.0, time.time() - self.up_since),
            idle_seconds=self.idle_seconds,
            socket_dir=Path(self.socket_dir),
        )


def publish(layout: Layout, ready: Ready) -> int:
    """Tell the clients; the word holds until the returned descriptor is closed.

    The file is locked before it gets its name. So a reader knows from the file alone, without a moment of doubt,
    whether its writer still lives.
    """
    draft = layout.ready.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try_exclusive(descriptor)
    os.write(descriptor, json.dumps(asdict(ready)).encode())
    draft.replace(layout.ready)
    return descriptor


def take_back(layout: Layout, descriptor: int) -> None:
    """End the word that publish() gave, unless another keeper has given one since."""
    if is_named(descriptor, layout.ready):
        layout.ready.unlink()
    os.close(descriptor)


def read(layout: Layout) -> Ready | None:
    """Return the word of the living keeper, if it has given one."""
    try:
        descriptor = os.open(layout.ready, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except PermissionError:
        # Left by another user, root perhaps; of a keeper that lives, or of one that was killed.
        if file_is_held(layout.keeper_lock):
            raise
        return None
    try:
        if not is_held(descriptor):
            return None
        return Ready(**json.loads(os.read(descriptor, 8192)))
    finally:
        os.close(descriptor)
