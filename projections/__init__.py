"""What can be asked: read tables, the pure functions that fill them, and the questions they answer."""
