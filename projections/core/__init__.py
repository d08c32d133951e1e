"""What can be asked of the kinds of the core context."""
