"""lifeledger: an event-sourced, encrypted store of personal data."""
