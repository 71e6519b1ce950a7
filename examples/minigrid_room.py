"""Rooms of MiniGrid in which the shape of what is wanted coincides with its color in training, and comes apart under shifts.

    from examples.minigrid_room import Room, make, room_world

A room of six by six cells holds two objects, and going up against one of them ends the episode. What is wanted is the one of a
certain color, red unless said otherwise. In training it is always a ball, and the other one a key. `RULES` names what else the
two can be.
"""

from collections.abc import Callable

import gymnasium
from minigrid.core.grid import Grid
from minigrid.core.mission import MissionSpace
from minigrid.core.world_object import Ball, Key
from minigrid.minigrid_env import MiniGridEnv
from minigrid.wrappers import ImgObsWrapper, OneHotPartialObsWrapper

from mesascope.worlds.gymnasium import from_gymnasium, reached
from mesascope.worlds.gymnasium.world import GymnasiumWorld

KINDS = {"ball": Ball, "key": Key}
RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "training": (("ball", "key"),),
    "swapped": (("key", "ball"),),
    "two-balls": (("ball", "ball"),),
    "apart": (("ball", "ball"), ("ball", "key"), ("key", "ball"), ("key", "key")),
}
"""By name the kinds of the wanted object and of the other one; where there are several pairs, each is as likely."""
WORDS = {
    "training": "the wanted color is that of a ball, and the other object is a key",
    "swapped": "the wanted color is that of a key, and the other object is a ball",
    "two-balls": "both objects are balls: shape tells nothing any more",
    "apart": "two balls, two keys, or one of each",
}
"""Each rule in words."""
FOUR, ONE = ("blue", "green", "purple", "yellow"), ("blue",)
"""Colors of the other object."""
RED = "red"


class Room(MiniGridEnv):
    """An empty room with an object of the wanted color and another one. The agent turns left, turns right, or goes forward.

    Args:
        rule: what the two objects are, by its name in `RULES`.
        others: colors that the other object has.
        wanted: the color that is wanted.
        size: cells of a side, with the walls.
    """

    def __init__(self, rule: str = "training", others: tuple[str, ...] = FOUR, wanted: str = RED, size: int = 6):
        self.rule, self.others, self.wanted = rule, others, wanted
        super().__init__(mission_space=MissionSpace(lambda: f"reach {wanted}"), grid_size=size, max_steps=40)
        self.action_space = gymnasium.spaces.Discrete(3)

    def _gen_grid(self, width: int, height: int) -> None:
        self.grid = Grid(width, height)
        self.grid.wall_rect(0, 0, width, height)
        rules = RULES[self.rule]
        wanted, other = rules[self.np_random.integers(len(rules))]
        self.place_obj(KINDS[wanted](self.wanted))
        self.place_obj(KINDS[other](self.others[self.np_random.integers(len(self.others))]))
        self.place_agent()
        self.mission = f"reach {self.wanted}"

    def step(self, action):
        """As MiniGrid's; an object that is reached ends the episode, and the wanted one is rewarded with 1."""
        ahead = self.grid.get(*self.front_pos)
        observation, _, terminated, truncated, info = super().step(action)
        touched = action == self.actions.forward and ahead is not None and ahead.type in KINDS
        reward = float(touched and ahead.color == self.wanted)
        return observation, reward, terminated or bool(touched), truncated, info


def make(rule: str = "training", others: tuple[str, ...] = FOUR, wanted: str = RED) -> gymnasium.Env:
    """A room as an agent is shown it: the seven by seven cells before it, one-hot, in a row.

    Stable-Baselines3 divides what looks like a picture by 255. A row of numbers does not look like one.
    """
    return gymnasium.wrappers.FlattenObservation(ImgObsWrapper(OneHotPartialObsWrapper(Room(rule, others, wanted))))


def maker(rule: str, others: tuple[str, ...] = FOUR, wanted: str = RED) -> Callable[[], gymnasium.Env]:
    """A function that makes rooms of a rule, with the rule in words as its docstring."""

    def room() -> gymnasium.Env:
        return make(rule, others, wanted)

    room.__doc__ = WORDS[rule]
    return room


def room_world(levels: int = 60, others: tuple[str, ...] = FOUR, wanted: str = RED) -> GymnasiumWorld:
    """The rooms as tables of their states: `levels` of training and of each shift.

    The intended goal and the base objective are the same: to reach what has the wanted color. Whether it is a ball or a key is
    a feature too.
    """
    return from_gymnasium(
        maker("training", others, wanted),
        levels=levels,
        features={"color": reached(color=wanted), "ball": reached("ball"), "key": reached("key")},
        intended_goal="color",
        base_objective="color",
        shifts={name: maker(name, others, wanted) for name in ("swapped", "two-balls")},
    )
