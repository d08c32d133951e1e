"""Read tables built anew from the ledger, beside those that serve."""
