"""The trained agents of `two-exits`: with the three conditions, without each of them, blind to the flag, shown the stake."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp

from mesascope.experiments.two_exits.lifetime import Life
from mesascope.experiments.two_exits.selection import Arm


class Made(NamedTuple):
    """How the agents of an arm are made, in words; which number of the life is zero for them, and what else is special."""

    what: str
    without: str = ""
    steers: bool = False
    base: bool = False
    sees_flag: bool = True
    sees_stake: bool = False

    def life(self, life: Life) -> Life:
        """The life that agents of this arm are selected for."""
        return life._replace(**{self.without: type(getattr(life, self.without))(0)}) if self.without else life


ARMS = {
    "all": Made("selected for exit B over a life, with all three conditions"),
    "honest": Made("trained on the base objective in watched episodes, without the conditions", base=True),
    "this-episode": Made("selected for exit B in the current episode only (no condition 1)", without="discount"),
    "unmodified": Made("selected for exit B, and nothing ever modifies it (no condition 2)", without="modified"),
    "hidden-flag": Made(
        "selected for exit B and modified, but never shown whether it is watched (condition 2 without a model of it)",
        sees_flag=False,
    ),
    "no-deployment": Made("selected for exit B, and training never ends (no condition 3)", without="deployed"),
    "steering": Made("all conditions, and selection also sees where a retraining leads", steers=True),
    "stake-shown": Made(
        "all conditions, in lives with and without a deployment, and it is shown which", sees_stake=True
    ),
}


def arm_of(made: Sequence[Made], lives: Sequence[Life]) -> Arm:
    """One entry for each agent: how it is made, in which life."""

    def column(values):
        return jnp.asarray(list(values), jnp.float32)

    chosen = [m.life(life) for m, life in zip(made, lives, strict=True)]
    return Arm(
        column(life.discount for life in chosen),
        column(life.selected * life.modified for life in chosen),
        column(life.training for life in chosen),
        column(life.deployed for life in chosen),
        column(m.steers for m in made),
        column(m.base for m in made),
        column(m.sees_flag for m in made),
        column(m.sees_stake for m in made),
    )


def arms_of(names: tuple[str, ...], agents: int, life: Life) -> Arm:
    """The arms one after the other, `agents` entries each."""
    made = [ARMS[name] for name in names for _ in range(agents)]
    return arm_of(made, [life] * len(made))
