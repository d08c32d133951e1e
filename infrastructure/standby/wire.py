"""What a client and a forked standby say to each other.

    client -> its conditions              who differs in them is declined: the connection ends
    child  -> its process id              from here on it waits
    client -> the request, descriptors    the word to begin; whoever has sent it never runs the command itself
    child  -> the exit code

Arguments, paths and variables hold no NUL, so it separates them.
"""

from __future__ import annotations

import os
import struct
import sys
from socket import SOL_SOCKET, recv_fds, send_fds, socket

if sys.platform == "linux":
    from socket import SO_PEERCRED

PID_BYTES = 4
STREAMS = ("stdin", "stdout", "stderr")

FIXED_AT_START = (
    "LANG", "LC_", "LD_", "DYLD_", "PYTHON", "_PYTHON_",
    "OPENSSL_", "PILLOW_", "PSYCOPG_", "PY_SAX_", "PYDANTIC_", "TYPER_", "_TYPER_", "TZINFO_TOPIC",
)  # fmt: skip
"""How the names of variables begin that are read once, when a process starts or loads a library."""

_SIZE_BYTES = 4
_MOST_BYTES = 16 * 1024 * 1024
_HEAD = 7  # fields before the arguments
_NAMESPACES = ("mnt", "net", "pid", "user")
_FLAGS = ("dev_mode", "ignore_environment", "optimize", "utf8_mode", "bytes_warning", "int_max_str_digits")


class Truncated(Exception):
    """The other end has gone, or sends what nobody understands."""


class Request:
    """A command, and all that it would have had from its own start."""

    def __init__(
        self,
        arguments: list[bytes],
        environment: list[bytes],
        folder: bytes,
        umask: int,
        ignored: list[int],
        streams: list[bytes],
    ) -> None:
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.umask = umask
        self.ignored = ignored
        """The numbers of signals, as under nohup."""
        self.streams = streams
        """Of each standard stream: encoding, error handler, whether it writes line by line, whether at once."""

    def packed(self) -> bytes:
        """Return the request as bytes."""
        ignored = b" ".join(b"%d" % number for number in self.ignored)
        head = [self.folder, b"%o" % self.umask, ignored, *self.streams, b"%d" % len(self.arguments)]
        return b"\0".join([*head, *self.arguments, *self.environment])

    @classmethod
    def unpacked(cls, data: bytes) -> Request:
        """Read what packed() made."""
        folder, umask, ignored, *streams, count = (fields := data.split(b"\0"))[:_HEAD]
        last = _HEAD + int(count)
        numbers = [int(number) for number in ignored.split()]
        return cls(fields[_HEAD:last], fields[last:], folder, int(umask, 8), numbers, streams)


def conditions() -> bytes:
    """Return all that a fork cannot change any more: interpreter, code, and what was read when the process began."""
    variables = sorted(
        f"{name}={value}" for name, value in os.environ.items() if name.startswith(FIXED_AT_START)
    )
    flags = [getattr(sys.flags, name) for name in _FLAGS]
    interpreter = [sys.prefix, sys.version, os.path.realpath(__file__), repr(flags), repr(sys.warnoptions)]
    return os.fsencode("\n".join([*interpreter, *_surroundings(), *variables]))


def is_foreign(connection: socket) -> bool:
    """Whether the other end is known to belong to another user; not every system tells."""
    if sys.platform != "linux":
        return False
    peer = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", peer)[1] != os.geteuid())


def _surroundings() -> list[str]:
    """Return what makes a path or a process id mean the same: two containers may share a data directory."""
    if sys.platform != "linux":
        return []
    root = os.stat("/")  # noqa: PTH116 - pathlib is slow to load
    names = [os.readlink(f"/proc/self/ns/{name}") for name in _NAMESPACES]  # noqa: PTH115 - see above
    return [f"{root.st_dev} {root.st_ino}", *names]


def send(connection: socket, data: bytes, descriptors: list[int]) -> None:
    """Send a message, with descriptors for the other process; after an error it has not arrived whole."""
    framed = len(data).to_bytes(_SIZE_BYTES, "big") + data
    sent = send_fds(connection, [framed], descriptors)
    # Even sending nothing fails where the other end has read it all, done its work and gone.
    if sent < len(framed):
        connection.sendall(framed[sent:])


def receive(connection: socket, descriptors: int = 0) -> tuple[bytes, list[int]]:
    """Return the next message and the descriptors that came with it; raises Truncated, TimeoutError."""
    data, taken, _, _ = recv_fds(connection, _SIZE_BYTES, descriptors)
    size = int.from_bytes(data + exactly(connection, _SIZE_BYTES - len(data)), "big")
    if size > _MOST_BYTES or len(taken) != descriptors:
        raise Truncated
    return exactly(connection, size), taken


def exactly(connection: socket, size: int) -> bytes:
    """Return the next bytes of a connection; raises Truncated, TimeoutError."""
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise Truncated
        data += piece
    return data
