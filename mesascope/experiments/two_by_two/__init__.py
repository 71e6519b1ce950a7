"""Outer good or bad times inner good or bad, in one maze world (Hubinger 2020, the chain of alignments)."""
