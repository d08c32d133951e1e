"""Keys and ciphers: who can read what, and for how long."""
