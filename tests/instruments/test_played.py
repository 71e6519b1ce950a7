"""Episodes in worlds without tables: their means are those of exact tables where there are both."""

import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("minigrid")

import mesascope as ms
from mesascope.adapters.asking.in_world import usual_view, view_shapes
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import feature_returns
from mesascope.core.subject import AbstractPolicy, AbstractSubject, Site
from mesascope.instruments.played import measure_played_behavior
from mesascope.worlds.episodes_played import at_random, play
from mesascope.worlds.gymnasium import from_gymnasium, reached, reward
from mesascope.worlds.registry import make_world
from tests.worlds.own_environments import Corridor, Slippery

LAKE = {"goal": reward, "hole": lambda step: step.terminated and step.reward == 0}


class Lean(AbstractPolicy):
    """Goes down or right on the lake, by the number of the place."""

    view: str = "observation"
    actions: int = 4

    def logits(self, observation):
        odd = observation.reshape(*observation.shape[:2], -1)[..., 0].astype(jnp.float32) % 2
        return jnp.where(jnp.arange(self.actions) == 1 + odd[..., None], 2.0, 0.0)


class Counting(AbstractSubject):
    """Goes back once, then on for ever: what it does depends on what it did."""

    ticks: int = 1
    reads_until: int = 0
    recurrent: bool = True
    view: str = "observation"
    sites = (Site("count", 1, "steps so far", "vector"),)

    def start(self, observation):
        return {"count": jnp.zeros((observation.shape[0], 1, 1, 1))}

    def think(self, state, observation, tick):
        return {"count": state["count"] + 1}

    def act(self, state):
        first = state["count"][:, 0, 0] < 2
        return jnp.where(first, jnp.array([30.0, 0.0]), jnp.array([0.0, 30.0]))


def test_returns_agree_with_the_tables_of_the_same_lake():
    wanted = {"features": LAKE, "intended_goal": "goal+hole:-1", "base_objective": "goal"}
    exact, played = from_gymnasium("FrozenLake-v1", **wanted), from_gymnasium("FrozenLake-v1", **wanted, tables=False)
    assert (played.tabulated, played.limit, played.actions) == (False, 100, exact.actions)
    levels = exact.draw(0, 1)
    mdp = exact.tables(levels)
    rows = np.asarray(Lean().logits(exact.observe(levels, "state-id", jnp.arange(mdp.states)[None])))
    policy = jnp.asarray(np.exp(rows) / np.exp(rows).sum(-1, keepdims=True))
    truth = np.asarray(feature_returns(mdp, policy, exact.discount))[0]
    found = measure_played_behavior(played, Lean(), named_key(3), 200, "training")
    own = found.played.discounted
    errors = own.std(0, ddof=1) / np.sqrt(len(own))
    assert (np.abs(own.mean(0) - truth) < 3 * errors).all()
    assert found.returns["intended"].value == pytest.approx(own.mean(0) @ [1, -1])
    assert found.beyond["base"].value == pytest.approx(found.returns["base"].value - found.random["base"].value)


def test_features_of_minigrid_fire_as_in_its_tables():
    features = {"goal": reached("goal"), "lava": reached("lava")}
    wanted = {"features": features, "intended_goal": "goal+lava:-1", "base_objective": "goal", "levels": [0, 1]}
    exact, played = (from_gymnasium("MiniGrid-LavaGapS5-v0", **wanted, **how) for how in ({}, {"tables": False}))
    levels = exact.draw(0, 2)
    mdp = exact.tables(levels)
    uniform = jnp.full((2, mdp.states, 7), 1 / 7)
    truth = (np.asarray(feature_returns(mdp, uniform, exact.discount)) * np.asarray(mdp.initial).max(1)[:, None]).mean(
        0
    )

    found = play(played, played.draw(0, 80), "training", at_random(played), named_key(1))
    own = found.discounted
    errors = own.std(0, ddof=1) / np.sqrt(len(own))
    assert (np.abs(own.mean(0) - truth) < 3 * errors).all()


def test_an_agent_with_a_memory_is_played_with_it():
    world = from_gymnasium(Slippery, tables=False, actions=("back", "on"), levels=[0])
    steady = from_gymnasium(Corridor, tables=False, actions=("back", "on"), levels=[0])
    found = measure_played_behavior(steady, Counting(), named_key(0), 5, "training")
    # Back to the first place, from there or from the second, then on to the last.
    assert found.played.moves.tolist() == [5]
    assert found.returns["base"].value == pytest.approx(steady.discount**4)
    assert found.events["reward"].rate.value == 1.0
    assert measure_played_behavior(world, Counting(), named_key(0), 5, "training").played.ended.all()


def test_an_agent_is_shown_what_the_environment_shows_where_nobody_names_a_view():
    assert usual_view(view_shapes(from_gymnasium(Corridor, tables=False, levels=[0]))) == "observation"


def test_levels_whose_environment_depends_on_the_seed_begin_as_it_does():
    class Told(Corridor):
        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.place = self.length - 2
            return self.shown(), {}

    world = from_gymnasium(lambda seed: Told(5 + seed), tables=False, levels=[0, 3])
    levels = world.draw(0, 2)
    assert (levels.observation[:, 0, 0] // 5 - levels.number).tolist() == [3, 3]


def test_an_agent_that_stops_has_no_outcome():
    class Stopping(Counting):
        may_stop = True

        def act(self, state):
            return jnp.where(state["count"][:, 0, 0] > 2, -jnp.inf, super().act(state))

    world = from_gymnasium(Corridor, tables=False, actions=("back", "on"), levels=[0])
    found = measure_played_behavior(world, Stopping(), named_key(0), 5, "training").played
    assert (found.moves.tolist(), found.ended.tolist(), found.occurred.any()) == ([2], [False], False)


def test_an_audit_lists_what_it_leaves_out_for_want_of_tables():
    world = from_gymnasium(
        "FrozenLake-v1", features=LAKE, intended_goal="goal+hole:-1", base_objective="goal",
        shifts={"dry": {"is_slippery": False}}, tables=False,
    )  # fmt: skip
    found = ms.audit(Lean(), world, quick=True, levels=40)
    ran = {part.name: part.reason for part in found.instruments if part.ran}
    left = {part.name: part.reason for part in found.instruments if not part.ran}
    assert list(ran) == ["episodes played"]
    assert (found.alignment.verdict, found.search.verdict) == ("cannot-tell", "cannot-tell")
    for name in ("behavioral objective", "ledger", "alignment", "search"):
        assert "played in episodes" in left[name]
    assert {name: part.optimal for name, part in found.returns.items()} == {"training": None, "dry": None}
    assert found.episodes["training"].count == 40
    assert [part.title for part in found.findings["episodes played"].parts] == ["Returns in episodes", "Episodes"]


def test_bad_input_is_answered_with_what_to_type():
    with pytest.raises(UsageError, match="tables=False"):
        from_gymnasium(Slippery)
    with pytest.raises(UsageError, match="leave them out"):
        from_gymnasium(Slippery, tables=False, max_states=50)
    with pytest.raises(UsageError, match="add tables=False"):
        from_gymnasium(Corridor, limit=5)
    with pytest.raises(UsageError, match="number of steps from 1"):
        from_gymnasium(Corridor, tables=False, limit=0)
    with pytest.raises(UsageError, match="tables 'maybe'"):
        make_world("gymnasium:FrozenLake-v1", tables="maybe")
    with pytest.raises(UsageError, match=r"shift 'taxi': .* has 6 actions"):
        from_gymnasium("FrozenLake-v1", tables=False, shifts={"taxi": "Taxi-v4"})
    world = from_gymnasium(Corridor, tables=False, levels=[0])
    with pytest.raises(UsageError, match="no tables"):
        world.optimal_values()
    with pytest.raises(SubjectError, match="action logits"):
        measure_played_behavior(world, Lean(), named_key(0), 2, "training")


def test_a_feature_that_looks_back_is_told_where_nothing_was_copied():
    class Sealed(Corridor):
        def __deepcopy__(self, memo):
            raise RuntimeError("sealed")

    world = from_gymnasium(Sealed, features={"left": lambda step: step.before.place == 0}, tables=False,
                           intended_goal="left", base_objective="left", levels=[0])  # fmt: skip
    with pytest.raises(UsageError, match=r"cannot be copied .*sealed"):
        measure_played_behavior(world, Counting(), named_key(0), 2, "training")
    ahead = from_gymnasium(Sealed, features={"end": lambda step: step.after.place == 4}, tables=False,
                           intended_goal="end", base_objective="end", levels=[0])  # fmt: skip
    assert measure_played_behavior(ahead, Counting(), named_key(0), 2, "training").events["end"].rate.value == 1.0
