"""Instruments: one measurement of a subject each, with its controls and its known blind spots."""
