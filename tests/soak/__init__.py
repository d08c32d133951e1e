"""Everything at once, for a while, with faults."""
