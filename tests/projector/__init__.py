"""From events to read tables."""
