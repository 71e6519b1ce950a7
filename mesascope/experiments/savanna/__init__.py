"""The savanna: plants and animals under selection, evolution as the base optimizer."""
