"""Create the ledger.

Every table begins with ``bucket`` in its key, so that the same schema distributes on Citus. The role that
programs work as may add and read events, never change or delete them.
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

APP_ROLE = "lifeledger_app"

UPGRADE = (
    f"""
    DO $$
    BEGIN
        IF to_regrole('{APP_ROLE}') IS NULL THEN  -- whoever has made it need not be who migrates
            CREATE ROLE {APP_ROLE} NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;  -- roles belong to the server: another database's migration made it
    END $$
    """,
    # Whoever may create roles is, since PostgreSQL 16, a member of what they create without being able to
    # become it; superusers may become any role.
    f"""
    DO $$
    DECLARE
        becoming text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
    BEGIN
        IF NOT pg_has_role(current_user, '{APP_ROLE}', becoming) THEN
            GRANT {APP_ROLE} TO CURRENT_USER;
        END IF;
    END $$
    """,
    # One row a bucket; updated by every append, so it keeps room on its page for the new version of the row.
    """
    CREATE TABLE ledger.bucket_heads (
        bucket smallint CONSTRAINT bucket_heads_pkey PRIMARY KEY,
        position bigint NOT NULL
    )
    """,
    "ALTER TABLE ledger.bucket_heads SET (fillfactor = 20)",
    "INSERT INTO ledger.bucket_heads (bucket, position) SELECT n, 0 FROM generate_series(0, 1023) AS n",
    # What an erasure blanks later may be null; what proves integrity and order may not.
    """
    CREATE TABLE ledger.events (
        bucket smallint NOT NULL,
        position bigint NOT NULL,
        subject_id uuid NOT NULL,
        record_id uuid NOT NULL,
        version bigint NOT NULL,
        kind text,
        topic text,
        schema_version smallint,
        key_id uuid,
        recorded_at timestamptz,
        actor_id uuid,
        command_id uuid,
        correlation_id uuid,
        causation_id uuid,
        body bytea,
        digest bytea NOT NULL,
        CONSTRAINT events_pkey PRIMARY KEY (bucket, record_id, version),
        CONSTRAINT events_position_key UNIQUE (bucket, position)
    )
    """,
    # The answer a repeated command gets. request_digest is keyed: it tells repeat from reuse, nothing else.
    """
    CREATE TABLE ledger.command_receipts (
        bucket smallint NOT NULL,
        command_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        record_id uuid NOT NULL,
        version bigint NOT NULL,
        position bigint NOT NULL,
        recorded_at timestamptz NOT NULL,
        request_digest bytea NOT NULL,
        CONSTRAINT command_receipts_pkey PRIMARY KEY (bucket, command_id)
    )
    """,
    """
    CREATE TABLE ledger.claims (
        bucket smallint NOT NULL,
        claim bytea NOT NULL,
        subject_id uuid NOT NULL,
        record_id uuid NOT NULL,
        CONSTRAINT claims_pkey PRIMARY KEY (bucket, claim)
    )
    """,
    """
    CREATE TABLE ledger.sources (
        bucket smallint NOT NULL,
        source bytea NOT NULL,
        subject_id uuid NOT NULL,
        record_id uuid NOT NULL,
        content_digest bytea NOT NULL,
        CONSTRAINT sources_pkey PRIMARY KEY (bucket, source)
    )
    """,
    """
    CREATE TABLE ledger.snapshots (
        bucket smallint NOT NULL,
        record_id uuid NOT NULL,
        version bigint NOT NULL,
        subject_id uuid NOT NULL,
        kind text NOT NULL,
        key_id uuid NOT NULL,
        state_schema bytea NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT snapshots_pkey PRIMARY KEY (bucket, record_id, version)
    )
    """,
    # Content up to 64 KB keeps its sealed bytes here, in the transaction of its event; larger content
    # has body null and lies in the object store under blob_id.
    """
    CREATE TABLE ledger.blobs (
        bucket smallint NOT NULL,
        blob_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        record_id uuid NOT NULL,
        key_id uuid NOT NULL,
        body bytea,
        CONSTRAINT blobs_pkey PRIMARY KEY (bucket, blob_id)
    )
    """,
    f"GRANT USAGE ON SCHEMA ledger TO {APP_ROLE}",
    f"GRANT SELECT ON ledger.schema_version TO {APP_ROLE}",
    f"GRANT SELECT, UPDATE ON ledger.bucket_heads TO {APP_ROLE}",
    f"GRANT SELECT, INSERT ON ledger.events, ledger.command_receipts, ledger.blobs TO {APP_ROLE}",
    f"GRANT SELECT, INSERT, DELETE ON ledger.claims, ledger.snapshots TO {APP_ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.sources TO {APP_ROLE}",
)

TABLES = ("blobs", "snapshots", "sources", "claims", "command_receipts", "events", "bucket_heads")


def upgrade() -> None:
    """Create the tables and the grants."""
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables; the role stays, it may serve other databases of the server."""
    for table in TABLES:
        op.execute(f"DROP TABLE ledger.{table}")
