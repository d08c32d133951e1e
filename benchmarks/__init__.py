"""How fast lifeledger is, measured beside the limit it could reach on the same servers."""
