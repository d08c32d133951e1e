"""The command line: lifeledger for people and operators."""
