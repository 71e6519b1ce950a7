"""Worlds of mazes: walls, colored and shaped objects, four moves."""
