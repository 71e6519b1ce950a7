"""Agents of flax: parameters as msgpack bytes or an orbax folder, and the user's own module."""
