"""Alembic migrations of the durable schemas. Read models are not migrated: they are rebuilt."""
