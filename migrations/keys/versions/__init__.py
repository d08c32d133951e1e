"""Revisions of the keys schema, in order."""
