"""Learned algorithms: the architectures that base optimizers search the weights of."""
