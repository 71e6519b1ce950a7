"""Instruments for subjects that walk with a memory: episodes with edits, thinking steps and plans read out."""
