"""What must be kept and what must not be kept for longer: legal holds and retention."""
