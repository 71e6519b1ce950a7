"""Experiments: what is not a maze, under the same vocabulary, the same ledger, the same command and the same report."""
