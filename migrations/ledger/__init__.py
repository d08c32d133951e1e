"""The ledger: events, bucket heads, receipts, claims, sources, snapshots, small blobs, fences, erasures, rulings."""

HEAD = "0003"
"""The newest revision; a store whose database is elsewhere migrates or refuses."""
