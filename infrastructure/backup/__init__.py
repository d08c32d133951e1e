"""Copies of the ledger, ciphertext as it lies there: written, read through, brought back, thrown away in time."""
