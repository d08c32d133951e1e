"""Documents, money, places and health."""
