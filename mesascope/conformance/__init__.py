"""Public checkers: what everything of a kind must do, to be run by whoever writes one."""
