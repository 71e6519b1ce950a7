"""Agents that are decoder-only transformers of the transformers library: they read a level as tokens and write moves."""
