"""Organisms over tokens: algorithms written by hand into the weights of a prefix-LM, and others put under its residuals."""
