"""Worlds: families of levels with named features, a training distribution and named shifts."""
