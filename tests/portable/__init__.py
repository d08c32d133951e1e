"""Portable copies of every kind of record, written and taken in again."""
