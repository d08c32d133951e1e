"""The keys database: the store's identity, root key epochs, wrapped period keys."""

HEAD = "0001"
"""The newest revision; a store whose database is elsewhere migrates or refuses."""
