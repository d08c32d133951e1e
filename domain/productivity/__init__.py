"""Calendar, tasks and notes."""
