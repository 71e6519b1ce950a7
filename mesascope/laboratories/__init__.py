"""Laboratories: other worlds than mazes, under the same words, ledger, audit and report."""
