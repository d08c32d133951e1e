"""Create the keys database's tables.

A destroyed key keeps its row, without the wrapped secret, so that nothing makes it again under the same
coordinates; ``destructions`` counts them, for caches to notice.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

UPGRADE = (
    """
    CREATE TABLE keys.store (
        bucket smallint CONSTRAINT store_pkey PRIMARY KEY,
        store_id uuid NOT NULL
    )
    """,
    """
    CREATE TABLE keys.root_epochs (
        bucket smallint NOT NULL,
        epoch integer NOT NULL,
        fingerprint bytea NOT NULL,
        destroyed_at timestamptz,
        CONSTRAINT root_epochs_pkey PRIMARY KEY (bucket, epoch)
    )
    """,
    """
    CREATE TABLE keys.period_keys (
        bucket smallint NOT NULL,
        subject_id uuid NOT NULL,
        kind text NOT NULL,
        period text NOT NULL,
        number integer NOT NULL,
        key_id uuid NOT NULL,
        epoch integer NOT NULL,
        wrapped bytea,
        fingerprint bytea NOT NULL,
        destroyed_at timestamptz,
        CONSTRAINT period_keys_pkey PRIMARY KEY (bucket, subject_id, kind, period, number),
        CONSTRAINT period_keys_key_id_key UNIQUE (bucket, key_id)
    )
    """,
    """
    CREATE TABLE keys.destructions (
        bucket smallint CONSTRAINT destructions_pkey PRIMARY KEY,
        count bigint NOT NULL
    )
    """,
    "INSERT INTO keys.destructions (bucket, count) VALUES (0, 0)",
)

TABLES = ("destructions", "period_keys", "root_epochs", "store")


def upgrade() -> None:
    """Create the tables."""
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables, and with them every key."""
    for table in TABLES:
        op.execute(f"DROP TABLE keys.{table}")
