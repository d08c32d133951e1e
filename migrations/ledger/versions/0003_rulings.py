"""Add what people and the law rule about keeping: legal holds, retention rules; let programs write restrictions.

The reason and the purpose of a hold are sealed under a secret of the store; everything else here is ids, kinds
and times.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

APP_ROLE, ERASER_ROLE = "lifeledger_app", "lifeledger_eraser"

UPGRADE = (
    # On a kind, or on one record: '' and the nil id stand for not that. A record's own hold has nothing sealed.
    """
    CREATE TABLE ledger.holds (
        bucket smallint NOT NULL,
        hold_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        kind text NOT NULL DEFAULT '',
        record_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
        placed_by uuid NOT NULL,
        placed_at timestamptz NOT NULL,
        until timestamptz,
        sealed bytea,
        by_record boolean NOT NULL DEFAULT false,
        ended_at timestamptz,
        CONSTRAINT holds_pkey PRIMARY KEY (bucket, hold_id)
    )
    """,
    "CREATE INDEX holds_subject_idx ON ledger.holds (bucket, subject_id) WHERE ended_at IS NULL",
    # Who has read what under a hold.
    """
    CREATE TABLE ledger.hold_reads (
        bucket smallint NOT NULL,
        hold_id uuid NOT NULL,
        read_id uuid NOT NULL,
        record_id uuid NOT NULL,
        actor_id uuid NOT NULL,
        read_at timestamptz NOT NULL,
        CONSTRAINT hold_reads_pkey PRIMARY KEY (bucket, hold_id, read_id)
    )
    """,
    # The nil id stands for everybody.
    """
    CREATE TABLE ledger.retention_rules (
        bucket smallint NOT NULL,
        subject_id uuid NOT NULL,
        kind text NOT NULL,
        days integer NOT NULL,
        action text NOT NULL,
        set_by uuid NOT NULL,
        set_at timestamptz NOT NULL,
        CONSTRAINT retention_rules_pkey PRIMARY KEY (bucket, subject_id, kind),
        CONSTRAINT retention_rules_action_check CHECK (action IN ('trash', 'erase')),
        CONSTRAINT retention_rules_days_check CHECK (days >= 0)
    )
    """,
    f"GRANT SELECT, INSERT, UPDATE ON ledger.holds TO {APP_ROLE}",
    f"GRANT SELECT, INSERT ON ledger.hold_reads TO {APP_ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.retention_rules TO {APP_ROLE}",
    # Programs raise and lift restrictions; the fences of erasures are out of their reach.
    f"GRANT INSERT, DELETE ON ledger.fences TO {APP_ROLE}",
    "ALTER TABLE ledger.fences ENABLE ROW LEVEL SECURITY",
    f"CREATE POLICY fences_seen ON ledger.fences FOR SELECT TO {APP_ROLE} USING (true)",
    f"CREATE POLICY fences_raised ON ledger.fences FOR INSERT TO {APP_ROLE} WITH CHECK (cause = 'restriction')",
    f"CREATE POLICY fences_lifted ON ledger.fences FOR DELETE TO {APP_ROLE} USING (cause = 'restriction')",
    f"CREATE POLICY fences_of_erasures ON ledger.fences TO {ERASER_ROLE} USING (true)",
    f"GRANT SELECT ON ledger.holds TO {ERASER_ROLE}",
)

DOWNGRADE = (
    *(
        f"DROP POLICY {name} ON ledger.fences"
        for name in ("fences_seen", "fences_raised", "fences_lifted", "fences_of_erasures")
    ),
    "ALTER TABLE ledger.fences DISABLE ROW LEVEL SECURITY",
    f"REVOKE INSERT, DELETE ON ledger.fences FROM {APP_ROLE}",
    "DROP TABLE ledger.retention_rules",
    "DROP TABLE ledger.hold_reads",
    "DROP TABLE ledger.holds",
)


def upgrade() -> None:
    """Add the tables and the grants."""
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Drop what was added: holds are forgotten, restrictions stay."""
    for statement in DOWNGRADE:
        op.execute(statement)
