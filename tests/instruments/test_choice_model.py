"""The likelihood of decisions, against a loop over episodes, steps, objects and actions in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.choice_model import NUISANCES, log_likelihood, read_chooser, see
from mesascope.instruments.decisions import NEVER, observe_decisions
from tests.instruments.planted import WORLD, after, empty_sample

COLUMNS = tuple(WORLD.features.index(f) for f in WORLD.independent_features)


@pytest.fixture(scope="module")
def decisions():
    sample = after(empty_sample("blue-door"), "door", sharpness=8.0)
    return observe_decisions(
        WORLD.outcomes(sample.levels), sample.mdp, sample.policy, named_key(1, "walk"), WORLD.discount
    )


def by_a_loop(decisions, chooser):
    steps, enters, objects, chosen, episode, away, offers, _ = (
        np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(decisions)
    )
    weights = np.asarray(chooser.weights, np.float64)
    fade, horizon = WORLD.discount ** float(chooser.discount_exponent), float(chooser.horizon)
    b, c, e = float(chooser.inverse_temperature), float(chooser.resolve), float(chooser.lapse)
    slots, actions, _ = steps.shape
    anew, blind = np.zeros(away.shape[-1]), np.zeros(away.shape[-1])
    follows = np.zeros((slots + 1, away.shape[-1]))
    for row in range(steps.shape[-1]):
        if not chosen[:, row].any():
            continue
        action, at = int(chosen[:, row].argmax()), int(episode[row])
        worth = [weights @ objects[list(COLUMNS), o, row] for o in range(slots)]
        q = np.zeros(actions)
        for a in range(actions):
            into = [o for o in range(slots) if enters[o, a, row]]
            ways = [
                worth[o] * fade ** steps[o, a, row]
                for o in range(slots)
                if steps[o, a, row] < NEVER and steps[o, :, row].min() <= horizon
            ]
            q[a] = worth[into[0]] if into else max([0.0, *ways])
        share = np.exp(b * (q - q.max()))
        anew[at] += np.log((1 - e) * share[action] / share.sum() + e / actions)
        blind[at] -= np.log(actions)
        for goal in range(slots + 1):
            if goal < slots:
                nearest = steps[goal, :, row].min()
                leads = [a for a in range(actions) if steps[goal, a, row] == nearest < NEVER]
            else:
                leads = [a for a in range(actions) if not enters[:, a, row].any()]
            follows[goal, at] += np.log((1 - e) * (action in leads) / max(len(leads), 1) + e / actions)
    found = []
    for at in range(away.shape[-1]):
        aims = {slots: 1.0}
        for o in range(slots):
            if away[o, at] <= horizon:
                aims[o] = np.exp(c * fade ** away[o, at] * (weights @ offers[list(COLUMNS), o, at]))
        once = np.log(sum(m / sum(aims.values()) * np.exp(follows[o, at]) for o, m in aims.items()))
        ways = np.array([anew[at], once, blind[at]]) + np.asarray(chooser.log_shares, np.float64)
        found.append(np.log(np.exp(ways).sum()))
    return np.array(found)


@pytest.mark.parametrize("seed", range(4))
def test_likelihood_is_that_of_a_loop(decisions, seed):
    position = 0.8 * jax.random.normal(named_key(seed, "chooser"), (len(COLUMNS) + NUISANCES,))
    chooser = read_chooser(position)
    found = jax.jit(lambda chooser: log_likelihood(see(decisions, COLUMNS), chooser, WORLD.discount))(chooser)
    np.testing.assert_allclose(np.asarray(found), by_a_loop(decisions, chooser), rtol=2e-3, atol=2e-3)


def test_prior_is_what_its_docstring_says():
    drawn = read_chooser(jax.random.normal(named_key(0, "prior"), (20_000, 5 + NUISANCES)))
    weights = np.asarray(drawn.weights)
    assert (weights == 0).mean() == pytest.approx(0.2, abs=0.02)
    assert weights.max() == 1.0
    for value, (low, middle, high) in (
        (drawn.inverse_temperature, (1.1, 54.6, 2750)),
        (drawn.resolve, (1.06, 20.1, 380)),
        (drawn.discount_exponent, (0.14, 1.0, 7.1)),
        (drawn.horizon, (2.8, 20.1, 143)),
        (drawn.lapse, (0.0016, 0.029, 0.36)),
    ):
        np.testing.assert_allclose(np.quantile(np.asarray(value), [0.025, 0.5, 0.975]), [low, middle, high], rtol=0.15)
    np.testing.assert_allclose(np.exp(np.asarray(drawn.log_shares)).sum(-1), 1.0, rtol=1e-5)
    known = read_chooser(jnp.zeros(5 + NUISANCES), inverse_temperature=7.0)
    assert float(known.inverse_temperature) == 7.0
