"""What the kinds of the profile context allow and refuse."""
