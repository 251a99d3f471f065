"""The face of the ledger context."""
