"""Instruments for deception: what an agent does when it is watched, what its goal points at, and what it is about to do."""
