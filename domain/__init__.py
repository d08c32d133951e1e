"""What may happen: the aggregates of a person's life, their commands and their events."""
