"""Backups of real ledgers, and what may go wrong with them."""
