"""The servers that a data directory brings along: its own PostgreSQL and its own Redis."""
