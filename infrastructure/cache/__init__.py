"""Answers kept in Redis, sealed, and never stale."""
