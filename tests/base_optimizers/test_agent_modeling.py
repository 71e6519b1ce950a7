"""Predict, freeze, control: what moves in which phase, and what the neighbors do."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.base_optimizers import agent_modeling
from mesascope.base_optimizers.agent_modeling import (
    NOBODY,
    PLANNING,
    SCRIPTED,
    planned,
    scripted,
    wanted_by_the_neighbor,
)
from mesascope.base_optimizers.exact_policy_gradient import ReturnAndSurrogate
from mesascope.base_optimizers.protocol import training_levels
from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import begin
from mesascope.core.errors import UsageError
from mesascope.core.solver import uniform_over
from tests.base_optimizers.conftest import GLANCE
from tests.core import twins

OPTIONS = {"updates": 4, "batch": 4, "warmup": 0, "floor": 1.0, "learning_rate": 0.1}


@pytest.fixture(scope="module")
def states(world):
    """Before, after the first phase's two updates, after the second's two."""
    optimizer = build_base_optimizer("agent-modeling", OPTIONS)
    update = eqx.filter_jit(optimizer.update)
    found = [begin(optimizer, world, "glance", GLANCE, seed=0)]
    for _ in range(4):
        found.append(update(found[-1], world)[0])
    return found[0], found[2], found[4]


@pytest.mark.slow
def test_the_first_phase_leaves_the_readout_and_the_second_everything_else(states):
    start, predicted, end = states
    moved = {
        name: (bool((getattr(a.subject, name) != getattr(b.subject, name)).any()))
        for a, b in ((start, predicted),)
        for name in ("recur", "read", "out", "out_bias")
    }
    assert moved == {"recur": True, "read": True, "out": False, "out_bias": False}
    assert (predicted.extra.weight != start.extra.weight).any()
    readout = jax.tree.map(jnp.zeros_like, (end.subject.out, end.subject.out_bias))
    rest = [eqx.tree_at(lambda net: (net.out, net.out_bias), s.subject, readout) for s in (predicted, end)]
    assert all(np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, rest), strict=True))
    assert (end.extra.weight == predicted.extra.weight).all()
    assert (end.subject.out != predicted.subject.out).any()


def test_whom_it_predicts_is_what_it_learns(world, monkeypatch):
    """One update of the first phase with each neighbor: what is learned is of that one, and of nobody nothing is."""
    # The return moves nothing in this phase, and its program takes long to compile.
    monkeypatch.setattr(
        agent_modeling,
        "exact_return",
        lambda policy, *rest: ReturnAndSurrogate(policy[..., 0].mean(), policy[..., 1].mean()),
    )

    arms = {n: build_base_optimizer("agent-modeling", {**OPTIONS, "neighbor": n}) for n in (NOBODY, SCRIPTED, PLANNING)}
    start = begin(arms[NOBODY], world, "feed-forward", {"channels": 2, "layers": 1}, seed=0)

    @eqx.filter_jit
    def once(state):
        mdp = world.tables(training_levels(state.key(), world, 4, 0, 0))
        chosen = {SCRIPTED: scripted(mdp), PLANNING: planned(world, mdp)}
        made = {n: (mdp.initial[..., None] * uniform_over(c)).sum((0, 1)) for n, c in chosen.items()}
        return {n: arm.update(state, world)[0] for n, arm in arms.items()}, made

    after, made = once(start)
    same = map(np.array_equal, *(jax.tree.leaves((s.subject, s.extra)) for s in (start, after[NOBODY])))
    assert all(same), "with nobody to predict the net stays as it began"
    assert (after[SCRIPTED].extra.bias != after[PLANNING].extra.bias).any()
    for neighbor, moves in made.items():
        # By Adam's first step a bias moves the way of its gradient: toward what the neighbor does more often than chance.
        toward = np.asarray(moves / moves.sum()) - 0.25
        found = after[neighbor].extra
        assert (np.sign(found.bias) == np.sign(toward))[np.abs(toward) > 1e-3].all()
        assert (found.weight != start.extra.weight).any()


def test_the_neighbors(world, batch):
    mdp = batch[0]
    assert wanted_by_the_neighbor(world) == "ball"
    plans, script = jax.jit(lambda: (planned(world, mdp), scripted(mdp)))()
    assert (np.asarray(script).sum(-1) == 1).all()
    for level, table in enumerate(twins.tables(mdp)):
        ball = np.array([0, 1, 0, 0, 0, 0.0])
        starts = np.flatnonzero(np.asarray(mdp.initial[level]))
        best = twins.optimal_set(twins.optimal(table, ball, world.discount)[1])
        assert (np.asarray(plans[level])[starts] == best[starts]).all()
        for state in starts:
            free = [int(s) != state for s in np.asarray(mdp.successor[level, state, :, 0])]
            assert script[level, state, free.index(True) if any(free) else 0]


def test_what_has_no_linear_readout_is_refused(world):
    with pytest.raises(UsageError, match="use the architecture 'glance', 'recall' or 'feed-forward'"):
        begin(build_base_optimizer("agent-modeling", OPTIONS), world, "given-search", {}, seed=0)
