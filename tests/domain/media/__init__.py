"""Photos, recordings and the albums they stand in."""
