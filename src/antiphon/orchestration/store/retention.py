"""What retention lets go of the ledger."""
