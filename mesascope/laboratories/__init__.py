"""Laboratories: small worlds of their own kind, each built around one way in which alignment fails."""
