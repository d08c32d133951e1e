"""What can be asked of the kinds of the communication context."""
