"""Midas: the base objective counts gold, the intended goal needs a living king (RLO section 1.2, outer alignment)."""
