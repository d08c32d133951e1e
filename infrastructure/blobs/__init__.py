"""Content too large for an event: encrypted in pieces, under random names."""
