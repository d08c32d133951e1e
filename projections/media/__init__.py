"""What can be asked of the kinds of the media context."""
