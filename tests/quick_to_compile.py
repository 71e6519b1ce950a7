"""What makes programs quick to compile and slow to run, for processes that are to be started without it."""

SETTINGS = ("XLA_FLAGS", "JAX_DISABLE_MOST_OPTIMIZATIONS")
"""Environment variables that `tests/conftest.py` sets for that."""
