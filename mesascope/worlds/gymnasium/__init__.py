"""Environments of Gymnasium as worlds: exact tables from what an environment has of its own, or by trying every action.

The packages `gymnasium` and `minigrid` are imported when an environment is made, and not before.
"""

from mesascope.worlds.gymnasium.build import from_gymnasium
from mesascope.worlds.gymnasium.minigrid import picked, reached, toggled
from mesascope.worlds.gymnasium.transition import Transition, reward, terminated

__all__ = ["Transition", "from_gymnasium", "picked", "reached", "reward", "terminated", "toggled"]
