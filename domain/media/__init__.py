"""Photos, videos and the albums they are gathered in."""
