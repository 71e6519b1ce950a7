"""How a network of any library is asked: one set of options, checked against the world, for all loaders of networks."""
