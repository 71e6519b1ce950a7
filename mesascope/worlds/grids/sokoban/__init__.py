"""The world `sokoban`: boxes that can be pushed and never pulled, in levels whose states are enumerated."""
