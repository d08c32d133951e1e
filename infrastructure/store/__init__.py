"""The Python face of lifeledger: sessions that give commands and ask questions."""
