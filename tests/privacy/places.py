"""Every place in which something may be left, and the search through all of them."""

from __future__ import annotations

from pathlib import Path

import psycopg
import redis

from infrastructure.embedded.servers import EmbeddedServers
from tests.backup.recovery import SEGMENT_NAME, configure, pages_in_log
from tests.privacy.inhabited import look_in_redis, look_through_sql
from tests.privacy.scan import Needles, files_below

DATABASES = ("ledger", "keys", "postgres", "template1")
REMEMBERED = "pg_stat_statements"


def remember_statements(servers: EmbeddedServers) -> None:
    """Have the server keep every statement it is given, from the next start on."""
    configure(
        servers,
        shared_preload_libraries=REMEMBERED,
        **{"pg_stat_statements.track": "all", "pg_stat_statements.track_utility": "on"},
    )
    with psycopg.connect(servers.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")


def statements_remembered(servers: EmbeddedServers, needles: Needles) -> tuple[int, set[str]]:
    """Return how many statements the server has kept, and what was found in them."""
    with psycopg.connect(servers.postgres_url("postgres")) as connection:
        texts = [row[0] for row in connection.execute("SELECT each::text FROM pg_stat_statements AS each")]
    return len(texts), needles.in_bytes("\n".join(texts).encode())


def look_while_it_runs(servers: EmbeddedServers, needles: Needles) -> set[str]:
    """Look through Redis, its dump, and what PostgreSQL tells of itself; statistics are made anew before."""
    for database in DATABASES[:2]:
        with psycopg.connect(servers.postgres_url(database), autocommit=True) as connection:
            connection.execute("ANALYZE")
            connection.execute("CHECKPOINT")
    return (
        look_in_redis(servers, needles)[1]
        | look_through_sql(servers, needles)
        | dump_of_redis(servers, needles)
    )


def dump_of_redis(servers: EmbeddedServers, needles: Needles) -> set[str]:
    """Have Redis write its dump, and look through it."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.config_set("rdbcompression", "no")
        client.save()
        dump = Path(str(client.config_get("dir")["dir"])) / str(client.config_get("dbfilename")["dbfilename"])
    found = set().union(*needles.in_files([dump]).values())
    dump.unlink()
    return found


def unpack_logs(folder: Path, into: Path) -> int:
    """Decompress the pages of every log below a folder; return how many there were."""
    into.mkdir()
    logs = {path.parent for path in folder.rglob("0000*") if len(path.name) == SEGMENT_NAME}
    for number, log in enumerate(sorted(logs)):
        pages_in_log(log, into / str(number))
    return sum(1 for _ in files_below(into))
