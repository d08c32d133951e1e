"""What ``lifeledger status`` tells."""

from __future__ import annotations

from typing import Any

from infrastructure.settings import Settings
from infrastructure.store.store import Store


def status_of(store: Store, settings: Settings) -> dict[str, Any]:
    """Return health, lag, cache and key state by name; a store that cannot be opened has raised before."""
    engine = store.engine
    keys = engine.keys.counts()
    parked = engine.projector.parked()
    return {
        "store": engine.keys.store_id,
        "servers": "embedded" if settings.embedded else "by URL",
        "data_directory": settings.data_dir,
        "events": sum(engine.ledger.heads().values()),
        "lag": engine.projector.lag(),
        "parked": len(parked),
        "read_tables": settings.read_tables,
        "time_zone_data": engine.projector.zone_data(),
        "cache": "ok" if engine.answers.healthy() else "none: answers come from PostgreSQL",
        "root_key_epoch": keys["epoch"],
        "living_keys": keys["living"],
        "destroyed_keys": keys["destroyed"],
    }
