"""Runs the keys migrations on the connection that infrastructure.migrate gives."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    version_table_schema="keys",
)
with context.begin_transaction():
    context.run_migrations()
