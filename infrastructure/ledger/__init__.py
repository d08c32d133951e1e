"""The durable, append-only part: encrypted events in PostgreSQL."""
