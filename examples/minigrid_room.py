"""Rooms of MiniGrid in which the shape of what is wanted coincides with its color in training, and comes apart under shifts.

    from examples.minigrid_room import Room, make, room_world

A room of six by six cells holds two objects, and going up against one of them ends the episode. What is wanted is the red one.
In training the red one is always a ball, and the other one a key. `RULES` names what else the two can be.
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
    "red-key": (("key", "ball"),),
    "two-balls": (("ball", "ball"),),
    "apart": (("ball", "ball"), ("ball", "key"), ("key", "ball"), ("key", "key")),
}
"""By name the kinds of the red object and of the other one; where there are several pairs, each is as likely."""
WORDS = {
    "training": "a red ball and a key of another color",
    "red-key": "a red key and a ball of another color: what is red is no ball any more",
    "two-balls": "a red ball and a ball of another color: shape tells nothing any more",
    "apart": "two balls, two keys, or one of each; one of them is red",
}
"""Each rule in words."""
FOUR, ONE = ("blue", "green", "purple", "yellow"), ("blue",)
"""Colors of the object that is not red."""
WANTED = "red"


class Room(MiniGridEnv):
    """An empty room with a red object and another one. The agent turns left, turns right, or goes forward.

    Args:
        rule: what the two objects are, by its name in `RULES`.
        others: colors that the object has which is not red.
        size: cells of a side, with the walls.
    """

    def __init__(self, rule: str = "training", others: tuple[str, ...] = FOUR, size: int = 6):
        self.rule, self.others = rule, others
        super().__init__(mission_space=MissionSpace(lambda: "reach red"), grid_size=size, max_steps=40)
        self.action_space = gymnasium.spaces.Discrete(3)

    def _gen_grid(self, width: int, height: int) -> None:
        self.grid = Grid(width, height)
        self.grid.wall_rect(0, 0, width, height)
        rules = RULES[self.rule]
        red, other = rules[self.np_random.integers(len(rules))]
        self.place_obj(KINDS[red](WANTED))
        self.place_obj(KINDS[other](self.others[self.np_random.integers(len(self.others))]))
        self.place_agent()
        self.mission = "reach red"

    def step(self, action):
        """As MiniGrid's; an object that is reached ends the episode, and a red one is rewarded with 1."""
        ahead = self.grid.get(*self.front_pos)
        observation, _, terminated, truncated, info = super().step(action)
        touched = action == self.actions.forward and ahead is not None and ahead.type in KINDS
        reward = float(touched and ahead.color == WANTED)
        return observation, reward, terminated or bool(touched), truncated, info


def make(rule: str = "training", others: tuple[str, ...] = FOUR) -> gymnasium.Env:
    """A room as an agent is shown it: the seven by seven cells before it, one-hot, in a row.

    Stable-Baselines3 divides what looks like a picture by 255. A row of numbers does not look like one.
    """
    return gymnasium.wrappers.FlattenObservation(ImgObsWrapper(OneHotPartialObsWrapper(Room(rule, others))))


def maker(rule: str, others: tuple[str, ...] = FOUR) -> Callable[[], gymnasium.Env]:
    """A function that makes rooms of a rule, with the rule in words as its docstring."""

    def room() -> gymnasium.Env:
        return make(rule, others)

    room.__doc__ = WORDS[rule]
    return room


def room_world(levels: int = 100, others: tuple[str, ...] = FOUR) -> GymnasiumWorld:
    """The rooms as tables of their states: `levels` of training and of each shift.

    The intended goal and the base objective are the same: to reach what is red. Whether it is a ball or a key is a feature too.
    """
    return from_gymnasium(
        maker("training", others),
        levels=levels,
        features={"red": reached(color=WANTED), "ball": reached("ball"), "key": reached("key")},
        intended_goal="red",
        base_objective="red",
        shifts={name: maker(name, others) for name in ("red-key", "two-balls")},
    )
