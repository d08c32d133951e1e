"""Tracks and places."""
