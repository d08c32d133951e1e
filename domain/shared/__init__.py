"""What all aggregates have in common: the base record, value types, errors."""
