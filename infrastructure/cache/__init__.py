"""Answers kept in Redis, sealed, each valid for one generation of the tables."""
