"""Bring files of other programs into the store, one module a format."""
