"""What the kinds of the core context allow and refuse."""
