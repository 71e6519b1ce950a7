"""An agent's return here beside what its owner reports."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.replay import ReportedReturn, replayed, returns
from mesascope.core.errors import UsageError
from mesascope.core.subject import AbstractPolicy
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)


class Wanders(AbstractPolicy):
    """Takes every action equally often, whatever it is shown."""

    view = "full"

    def logits(self, observation):
        return jnp.zeros((*observation.shape[:2], 4))


def slow(episodes, limit, rng):
    """Mean return of an aimless walk, one move after another."""
    levels = WORLD.draw(3, episodes)
    mdp = WORLD.tables(levels)
    successor, probability = np.asarray(mdp.successor), np.asarray(mdp.probability)
    features, terminal, initial = (np.asarray(table) for table in (mdp.features, mdp.terminal, mdp.initial))
    weights = WORLD.base_objective.vector(WORLD.features)
    earned = []
    for level in range(episodes):
        if not initial[level].any():
            continue
        state, total = rng.choice(len(initial[level]), p=initial[level] / initial[level].sum()), 0.0
        for _ in range(limit):
            if terminal[level, state]:
                break
            action = rng.integers(4)
            odds = probability[level, state, action].astype(float)
            outcome = rng.choice(len(odds), p=odds / odds.sum())
            total += features[level, state, action, outcome] @ weights
            state = successor[level, state, action, outcome]
        earned.append(total)
    return np.array(earned)


def test_the_return_is_that_of_episodes_walked_one_by_one():
    fast, slowly = returns(Wanders(), WORLD, 600, 8), slow(600, 8, np.random.default_rng(0))
    error = np.sqrt(fast.var() / len(fast) + slowly.var() / len(slowly))
    assert abs(fast.mean() - slowly.mean()) < 4 * error
    assert 0.05 < fast.mean() < 0.95
    assert returns(Wanders(), WORLD, 200, 30).mean() > fast.mean() + 0.1


@pytest.mark.parametrize("organism", ["planner", "walking-planner,pace=40"])
def test_a_good_agent_earns_what_is_reported_of_a_good_agent(organism):
    subject = build_organism(organism, WORLD)
    levels = WORLD.draw(1, 1000)
    within_reach = np.asarray(WORLD.optimal_values(levels)) > 0
    best = float((within_reach * np.asarray(WORLD.tables(levels).initial)).sum(-1).mean())
    found = replayed(subject, WORLD, ReportedReturn(best))
    assert found.mean == pytest.approx(best, abs=4 * found.error)
    with pytest.raises(UsageError, match=r"earns another return here than its owner reports: return 0\.6"):
        replayed(subject, WORLD, ReportedReturn(0.9))


def test_the_sampling_error_of_both_is_allowed_for():
    found = replayed(Wanders(), WORLD, ReportedReturn(0.5, episodes=3, limit=8))
    assert "replayed, 0.5 reported" in found.text
    away = found.mean + 3.5 * found.error * np.sqrt(400 * (1 / 400 + 1 / 400))
    with pytest.raises(UsageError, match="limit of moves"):
        replayed(Wanders(), WORLD, ReportedReturn(away, episodes=400, limit=8))
    assert replayed(Wanders(), WORLD, ReportedReturn(away, episodes=30, limit=8)).mean == found.mean


def test_the_unit_of_a_few_levels_is_the_level():
    pytest.importorskip("gymnasium", reason="Gymnasium is not installed: tests/QUARANTINES.md")
    from mesascope.worlds.gymnasium import from_gymnasium
    from tests.worlds.own_environments import Corridor

    class Goes(AbstractPolicy):
        view = "state-id"

        def logits(self, observation):
            return jnp.broadcast_to(jnp.array([-30.0, 30.0]), (*observation.shape[:2], 2))

    world = from_gymnasium(
        lambda seed: Corridor(5 + seed),
        levels=5,
        features={"length": lambda step: step.terminated * step.after.length},
        intended_goal="length",
        base_objective="length",
    )
    found = replayed(Goes(), world, ReportedReturn(7.0, limit=20))
    assert found.mean == pytest.approx(7.0)
    assert found.error == pytest.approx(np.std([5, 6, 7, 8, 9], ddof=1) / np.sqrt(5))
    assert replayed(Goes(), world, ReportedReturn(8.5, limit=20)).mean == found.mean
    with pytest.raises(UsageError, match="another return"):
        replayed(Goes(), world, ReportedReturn(10.0, limit=20))
