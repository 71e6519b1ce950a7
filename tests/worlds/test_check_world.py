"""The public checker: red-doors passes it, and broken worlds do not."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.conformance.check_world import check_tables, check_world
from mesascope.conformance.violations import ConformanceError
from mesascope.core.objective import Objective, Role
from mesascope.core.rng import named_key
from mesascope.worlds.grids.grid import grid_tables, observe
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.text import parse_level, parse_levels
from mesascope.worlds.grids.world import AbstractGridWorld
from mesascope.worlds.registry import WORLDS

MARKS = {RedDoors.name: (), "sokoban": (pytest.mark.slow, pytest.mark.long)}
"""Of worlds that are not `slow` alone."""
LEVEL = parse_level("#####\n#R.b#\n#...#\n#####")


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, pytest.mark.slow)) for name in WORLDS])
def test_every_registered_world_passes(name):
    check_world(WORLDS[name]())


class Broken(AbstractGridWorld):
    """A world that keeps to few rules."""

    bare: float
    knob: float = 1.0
    name: ClassVar[str] = "Broken World"
    features: ClassVar[tuple[str, ...]] = RedDoors.features
    independent_features: ClassVar[tuple[str, ...]] = ("smell",)
    intended_goal: ClassVar[Objective] = Objective.of("door", Role.BASE, door=1.0)
    base_objective: ClassVar[Objective] = Objective.of("smell", Role.BASE, smell=1.0)
    shifts: ClassVar[dict[str, str]] = {"training": ""}
    discount: ClassVar[float] = 1.0

    def check_distribution(self, distribution):
        return distribution

    def sample(self, key, count, distribution):
        return parse_levels("\n\n".join(["#####\n#R.b#\n#...#\n#####"] * count))

    def map(self, levels):
        return observe(levels)[:, :1] / 0.0


def test_everything_that_is_wrong_is_listed_at_once():
    with pytest.raises(ConformanceError) as caught, np.errstate(all="ignore"):
        check_world(Broken(2.0), levels=2)
    broken = " ".join(f"{rule}: {found}" for rule, found in caught.value.violations)
    for part in (
        "the name is lower case",
        "section **Description.**",
        "line for `knob`",
        "parameter of a world has a default: `bare` has none",
        "every shift has a name of its own",
        "independent features are features: 'smell'",
        "the role of the intended goal",
        "the base objective weighs features of the world: 'smell'",
        "discount lies between 0 and 1: 1.0",
        "a shift that does not exist raises UsageError",
        "other levels for another key: the same levels",
        "one cell for each state: shape (2, 1, 3, 7) for 6 states",
        "observations are finite",
    ):
        assert part in broken, part
    assert str(caught.value).startswith("world 'Broken World' breaks")


class Restless(AbstractGridWorld):
    """A world whose levels do not come from the key alone."""

    name: ClassVar[str] = "restless"
    features: ClassVar[tuple[str, ...]] = RedDoors.features
    independent_features: ClassVar[tuple[str, ...]] = RedDoors.independent_features
    intended_goal: ClassVar[Objective] = RedDoors.intended_goal
    base_objective: ClassVar[Objective] = RedDoors.base_objective
    shifts: ClassVar[dict[str, str]] = {}
    discount: ClassVar[float] = 0.9
    drawn: ClassVar[list[int]] = []

    def sample(self, key, count, distribution):
        self.drawn.append(count)
        return parse_levels("\n\n".join(["#####\n#R.b#\n#...#\n#####".replace("b", "bgry"[len(self.drawn)])] * count))


def test_levels_that_do_not_come_from_the_key_are_found():
    with pytest.raises(ConformanceError, match="gives the same levels for the same key: other levels"):
        check_world(Restless(), levels=2)


@pytest.mark.parametrize(
    ("part", "change", "rule"),
    [
        ("successor", lambda t: t.at[0, 0, 0, 0].set(99), "successors are states"),
        ("successor", lambda t: t.at[0, 0, 0, 0].set(5), "farther than the band"),
        ("probability", lambda t: t * 0.5, "probabilities of outcomes sum to 1"),
        ("features", lambda t: t.at[0, 0, 0, 0, 0].set(jnp.nan), "features are finite"),
        ("features", lambda t: t * 0, "from every start some feature can fire"),
        ("features", lambda t: t[..., :3], "features has shape"),
        ("initial", lambda t: t * 0.5, "start probabilities sum to 1"),
        ("initial", lambda t: jnp.full_like(t, 1 / t.shape[1]), "no episode starts in a terminal state"),
        ("terminal", lambda t: t[:, :3], "terminal has shape"),
    ],
)
def test_each_broken_table_is_named(part, change, rule):
    mdp = grid_tables(LEVEL)
    assert list(check_tables(mdp, 6)) == []
    broken = eqx.tree_at(lambda tables: getattr(tables, part), mdp, replace_fn=change)
    assert any(rule in violation.rule for violation in check_tables(broken, 6))


def test_moves_that_do_not_hold_are_found():
    """A hint that is wrong gives wrong values and no error."""
    mdp = grid_tables(LEVEL)
    assert not list(check_tables(mdp, len(RedDoors.features)))
    wrong = dataclasses.replace(mdp, moves=(-3, 3, 1, -1))
    assert any("leads on by its move" in violation.rule for violation in check_tables(wrong, len(RedDoors.features)))


def test_stages_that_do_not_hold_are_found():
    world = KeysAndChests()
    mdp = world.tables(world.draw(named_key(0), 2))
    assert mdp.stage is not None
    assert not list(check_tables(mdp, 2))
    # From the end, the last state of all, back to the start; and from the first state two cells on at once.
    back = dataclasses.replace(mdp, successor=mdp.successor.at[0, -1, 0, 0].set(0))
    assert any("leads to an earlier stage" in violation.rule for violation in check_tables(back, 2))
    assert any("earlier stage" in violation.rule for violation in check_tables(dataclasses.replace(mdp, stage=24), 2))
    astray = dataclasses.replace(mdp, successor=mdp.successor.at[0, 0, 0, 0].set(2))
    assert any("leads on by its move" in violation.rule for violation in check_tables(astray, 2))
    far = dataclasses.replace(mdp, successor=mdp.successor.at[0, 0, 0, 0].set(24))
    assert any("farther than the band" in violation.rule for violation in check_tables(far, 2))
