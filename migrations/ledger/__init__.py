"""The ledger: events, bucket heads, receipts, claims, sources, snapshots, small blobs."""

HEAD = "0001"
"""The newest revision; a store whose database is elsewhere migrates or refuses."""
