"""The tests of lifeledger."""
