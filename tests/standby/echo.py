"""A program to stand by for, which tells what it was given; no servers are needed for it."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.shared.values import new_id
from infrastructure.standby.client import carried_out
from infrastructure.standby.server import stand_by

SERVERS_WITHIN = 3.0


def main() -> None:
    stand_by(Path(sys.argv[1]), load=load, run=run, servers_within=SERVERS_WITHIN)


def load() -> Iterator[None]:
    """Take a first step and then more, for as long as there are files of these names."""
    first, more = (Path(sys.argv[1]) / name for name in ("loading", "loading-more"))
    while first.exists():
        time.sleep(0.01)
    yield
    while more.exists():
        time.sleep(0.01)
        yield


def ask() -> None:
    """Have the standby at the socket of the first argument run the others, else run them here and say so."""
    path = sys.argv.pop(1)
    code = carried_out(path)
    if code is None:
        sys.stderr.write("by itself\n")
        run()
    sys.exit(code)


def run() -> None:
    word, *rest = sys.argv[1:]
    globals()[word](*rest)


def tell(*_words: str) -> None:
    """Print everything that a process is started with."""
    umask = os.umask(0)
    streams: tuple[Any, ...] = (sys.stdin, sys.stdout, sys.stderr)
    found = {
        "arguments": sys.argv,
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "umask": umask,
        "zone": time.tzname,
        "streams": [
            (each.encoding, each.errors, each.line_buffering, each.write_through) for each in streams
        ],
        "signals": [str(signal.getsignal(number)) for number in (*_ENDING, signal.SIGCHLD, signal.SIGPIPE)],
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    }
    say(json.dumps(found))


def descriptors() -> None:
    for each in Path("/proc/self/fd").iterdir():
        say(str(each.readlink() if each.exists() else each.name))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def leave(code: str) -> None:
    sys.exit(int(code) if code.isdecimal() else code)


def fail() -> None:
    raise ArithmeticError


def copy() -> None:
    sys.stdout.write(sys.stdin.read())
    sys.stderr.write("not an error\n")


def append(file: str) -> None:
    with Path(file).open("a") as lines:
        lines.write("done\n")


def dawdle(file: str, seconds: str = "60") -> None:
    """Say that it has begun, by the number of this process, and end late; an interruption ends it in order."""
    try:
        draft = Path(f"{file}.{os.getpid()}")
        draft.write_text(str(os.getpid()))
        draft.rename(file)
        time.sleep(float(seconds))
        append(f"{file}.end")
    except KeyboardInterrupt:
        sys.exit(130)


def draw() -> None:
    say(f"{new_id()} {os.urandom(12).hex()} {random.random()}")


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
