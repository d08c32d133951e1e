"""The keys database: the store's identity, root key epochs, wrapped period and record keys, fences."""

HEAD = "0003"
"""The newest revision; a store whose database is elsewhere migrates or refuses."""
