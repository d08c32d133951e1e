"""What the domain allows and what it refuses."""
