"""What all kinds of record share."""
