"""Causal language models of the transformers library that choose: what they answer, what they compute on the way, and
training them.
"""
