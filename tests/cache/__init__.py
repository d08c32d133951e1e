"""The cache on a real Redis."""
