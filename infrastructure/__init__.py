"""How it is done: ledger, keys, projector, cache, servers, importers and the command line."""
