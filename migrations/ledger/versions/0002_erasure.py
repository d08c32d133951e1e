"""Add what forgetting needs: fences, the record of every erasure, and a role that may blank and delete.

``bucket_heads.fences`` counts the changes to the fences of a bucket. Every append states the count it knows
and touches no row where it has moved.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

APP_ROLE, ERASER_ROLE = "lifeledger_app", "lifeledger_eraser"

BLANKED = "kind, topic, schema_version, recorded_at, actor_id, body"
"""The columns of an event that an erasure takes away; place, ids and digest stay."""

EMPTIED = ", ".join(
    f"ledger.{name}"
    for name in ("command_receipts", "claims", "sources", "snapshots", "blobs", "address_index")
)
"""The tables that an erasure deletes from."""

UPGRADE = (
    f"""
    DO $$
    BEGIN
        IF to_regrole('{ERASER_ROLE}') IS NULL THEN
            CREATE ROLE {ERASER_ROLE} NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- roles belong to the server: another database's migration made it
    END $$
    """,
    f"""
    DO $$
    DECLARE
        becoming text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
    BEGIN
        IF NOT pg_has_role(current_user, '{ERASER_ROLE}', becoming) THEN
            GRANT {ERASER_ROLE} TO CURRENT_USER;
        END IF;
    END $$
    """,
    "ALTER TABLE ledger.bucket_heads ADD COLUMN fences bigint NOT NULL DEFAULT 0",
    # What commands may not touch: '' and the nil id stand for all.
    """
    CREATE TABLE ledger.fences (
        bucket smallint NOT NULL,
        subject_id uuid NOT NULL,
        kind text NOT NULL DEFAULT '',
        period text NOT NULL DEFAULT '',
        record_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
        cause text NOT NULL,
        cause_id uuid NOT NULL,
        CONSTRAINT fences_pkey PRIMARY KEY (bucket, subject_id, kind, period, record_id, cause_id),
        CONSTRAINT fences_cause_check CHECK (cause IN ('erasure', 'restriction'))
    )
    """,
    # How far each erasure has come. Ids, kinds, periods, times and counts: nothing personal.
    """
    CREATE TABLE ledger.erasures (
        bucket smallint NOT NULL,
        erasure_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        scope jsonb NOT NULL,
        requested_by uuid NOT NULL,
        requested_at timestamptz NOT NULL,
        grounds text NOT NULL,
        step text NOT NULL,
        steps jsonb NOT NULL DEFAULT '{}',
        file_number bigint,
        receipt jsonb,
        CONSTRAINT erasures_pkey PRIMARY KEY (bucket, erasure_id)
    )
    """,
    # Claims held among all people lie in buckets of their own: an erasure finds them by record.
    "CREATE INDEX claims_record_idx ON ledger.claims (record_id)",
    # In whose records an address occurs, as keyed hashes under a secret of the store.
    """
    CREATE TABLE ledger.address_index (
        bucket smallint NOT NULL,
        address bytea NOT NULL,
        subject_id uuid NOT NULL,
        record_id uuid NOT NULL,
        kind text NOT NULL,
        CONSTRAINT address_index_pkey PRIMARY KEY (bucket, record_id, address)
    )
    """,
    "CREATE INDEX address_index_address_idx ON ledger.address_index (address)",
    f"GRANT SELECT ON ledger.fences, ledger.erasures TO {APP_ROLE}",
    f"GRANT SELECT, INSERT, DELETE ON ledger.address_index TO {APP_ROLE}",
    f"GRANT USAGE ON SCHEMA ledger TO {ERASER_ROLE}",
    f"GRANT SELECT, UPDATE ON ledger.bucket_heads TO {ERASER_ROLE}",
    f"GRANT SELECT, INSERT, DELETE ON ledger.fences TO {ERASER_ROLE}",
    f"GRANT SELECT, INSERT, UPDATE ON ledger.erasures TO {ERASER_ROLE}",
    f"GRANT SELECT, UPDATE ({BLANKED}) ON ledger.events TO {ERASER_ROLE}",
    f"GRANT SELECT, DELETE ON {EMPTIED} TO {ERASER_ROLE}",
)

DOWNGRADE = (
    "DROP TABLE ledger.address_index",
    "DROP INDEX ledger.claims_record_idx",
    "DROP TABLE ledger.erasures",
    "DROP TABLE ledger.fences",
    "ALTER TABLE ledger.bucket_heads DROP COLUMN fences",
    f"REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM {ERASER_ROLE}",
    f"REVOKE USAGE ON SCHEMA ledger FROM {ERASER_ROLE}",
)


def upgrade() -> None:
    """Add the tables, the column, the role and its grants."""
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Drop what was added; the role stays, it may serve other databases of the server."""
    for statement in DOWNGRADE:
        op.execute(statement)
