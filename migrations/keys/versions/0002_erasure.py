"""Add what forgetting needs to the keys: fences, keys of single records, and which erasures were applied.

A ``closed`` period key makes no new records: their key gets the next number. The keys of the records it has
can then be stored one by one before it is destroyed.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

UPGRADE = (
    "ALTER TABLE keys.period_keys ADD COLUMN closed boolean NOT NULL DEFAULT false",
    # Where no key may be made: '' stands for all.
    """
    CREATE TABLE keys.fences (
        bucket smallint NOT NULL,
        subject_id uuid NOT NULL,
        kind text NOT NULL DEFAULT '',
        period text NOT NULL DEFAULT '',
        erasure_id uuid NOT NULL,
        CONSTRAINT fences_pkey PRIMARY KEY (bucket, subject_id, kind, period, erasure_id)
    )
    """,
    # Keys of the records that outlived their period key, and of those erased one by one since.
    """
    CREATE TABLE keys.record_keys (
        bucket smallint NOT NULL,
        key_id uuid NOT NULL,
        record_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        epoch integer NOT NULL,
        wrapped bytea,
        fingerprint bytea NOT NULL,
        destroyed_at timestamptz,
        CONSTRAINT record_keys_pkey PRIMARY KEY (bucket, key_id, record_id)
    )
    """,
    """
    CREATE TABLE keys.erasures (
        bucket smallint NOT NULL,
        erasure_id uuid NOT NULL,
        file_number bigint NOT NULL,
        applied_at timestamptz NOT NULL,
        CONSTRAINT erasures_pkey PRIMARY KEY (bucket, erasure_id)
    )
    """,
)

DOWNGRADE = (
    "DROP TABLE keys.erasures",
    "DROP TABLE keys.record_keys",
    "DROP TABLE keys.fences",
    "ALTER TABLE keys.period_keys DROP COLUMN closed",
)


def upgrade() -> None:
    """Add the tables and the column."""
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Drop what was added, and with it the keys of single records."""
    for statement in DOWNGRADE:
        op.execute(statement)
