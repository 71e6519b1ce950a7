"""Tests of kind: by what way is a pseudo-aligned subject aligned where it was trained (RLO section 3.1)?"""
