"""What an operator does with PostgreSQL's own tools: archive, base backup, recovery, a look into the log."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from infrastructure.embedded.programs import installed
from infrastructure.embedded.servers import EmbeddedServers

SEGMENT_NAME = 24  # characters
PATIENCE = 60.0  # seconds for a segment to reach the archive, and for a recovery


def configure(servers: EmbeddedServers, **settings: str) -> None:
    """Write settings that hold from the next start on."""
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        for name, value in settings.items():
            statement = sql.SQL("ALTER SYSTEM SET {} = {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Literal(value)))


def archive_to(servers: EmbeddedServers, archive: Path) -> None:
    """Have finished segments copied to a folder, from the next start on."""
    archive.mkdir()
    archive.chmod(0o777)  # the account the servers run as writes here
    configure(servers, archive_mode="on", archive_command=f"test ! -f {archive}/%f && cp %p {archive}/%f")


def base_backup(servers: EmbeddedServers, target: Path, *, log: str = "none") -> None:
    """Copy the whole server, with the log (``stream``) or without."""
    options = ("--pgdata", target, "--checkpoint=fast", f"--wal-method={log}", "--no-password")
    _run("pg_basebackup", *options, "--dbname", servers.postgres_url("postgres"))


def archive_the_rest(servers: EmbeddedServers, archive: Path) -> None:
    """Finish the segment in hand and wait until it lies in the archive."""
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        assert row is not None
        connection.execute("SELECT pg_switch_wal()")
    waited_until = time.monotonic() + PATIENCE
    while not (archive / row[0]).exists():
        assert time.monotonic() < waited_until, "the segment did not reach the archive"
        time.sleep(0.1)


def recover_to(files: Path, archive: Path, moment: str) -> None:
    """Have a base backup replay the archive up to a moment when it is started."""
    with (files / "postgresql.auto.conf").open("a") as configuration:
        configuration.write(
            f"archive_mode = off\nrestore_command = 'cp {archive}/%f %p'\n"
            f"recovery_target_time = '{moment}'\nrecovery_target_action = promote\n"
        )
    (files / "recovery.signal").touch(mode=0o600)


def wait_until_writable(servers: EmbeddedServers) -> None:
    """Wait for the end of a recovery."""
    waited_until = time.monotonic() + PATIENCE
    with psycopg.connect(servers.postgres_url("ledger"), autocommit=True) as connection:
        while connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
            assert time.monotonic() < waited_until, "recovery did not end"
            time.sleep(0.1)


def now_of(servers: EmbeddedServers) -> str:
    """Return the time of the server."""
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT clock_timestamp()::text").fetchone()
    assert row is not None
    return str(row[0])


def pages_in_log(segments: Path, into: Path) -> None:
    """Write every page that the segments of a folder hold to a file of its own, decompressed."""
    names = sorted(path.name for path in segments.iterdir() if len(path.name) == SEGMENT_NAME)
    where = ("--path", segments, names[0], names[-1])
    # It ends with an error where the log ends: before the segments that are kept for later use.
    _run("pg_waldump", f"--save-fullpage={into}", "--quiet", *where, check=False)


def _run(program: str, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run a program of the wheel that has the server: another one's may be of another version."""
    path = installed().postgres.with_name(program)
    done = subprocess.run([path, *map(str, arguments)], capture_output=True, check=False, timeout=120)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done
