"""Calendar events, tasks and notes."""
