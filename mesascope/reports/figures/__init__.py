"""Figures as inline SVG: pure functions from numbers to markup, all colors by class, nothing that no table says."""
