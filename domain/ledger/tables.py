"""The tables of the ledger context."""
