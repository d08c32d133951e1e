"""Posts and accounts on social networks."""
