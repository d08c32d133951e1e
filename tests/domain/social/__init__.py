"""Posts, and the accounts they come from."""
