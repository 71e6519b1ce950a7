"""The only code that writes files: learned algorithms, checkpoints and results, each whole or not at all."""
