"""The servers of a data directory, tested with real ones."""
