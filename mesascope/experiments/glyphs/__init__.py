"""Glyphs: classifiers, which are optimized and are no optimizers."""
