"""Base optimizers: what searches over weights by the base objective."""
