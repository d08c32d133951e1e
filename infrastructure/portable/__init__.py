"""A copy of a person's records to carry away: readable without lifeledger, and taken in by another store."""
