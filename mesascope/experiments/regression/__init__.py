"""In-context regression: networks that fit a line to what they are shown, in one pass."""
