"""Calibration: the search examination run on agents whose insides are known, and the error rates that come of it."""
