"""Meta-optimizers: designed to produce optimizers. What they hand over is a base optimizer by declaration, ready to train."""

PACKAGES = ("optuna", "cmaes")
"""What the extra `tuning` brings, imported where a tuning begins."""
