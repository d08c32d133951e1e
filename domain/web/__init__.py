"""Saved pages and bookmarks."""
