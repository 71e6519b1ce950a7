"""Audits: all findings about one subject in one world, the ledger, and the verdict."""
