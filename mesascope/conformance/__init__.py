"""Public checkers: what a world, subject or base optimizer of your own must keep to."""
