"""Revisions of the ledger schema, in order."""
