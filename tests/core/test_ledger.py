"""The ledger on random MDPs and objectives."""

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.competence import Scale, competence, competence_scale
from mesascope.core.ledger import ReturnsByU, ledger, returns_by_intended
from mesascope.core.mdp import rewards
from mesascope.core.solver import evaluate, feature_returns, optimal_values, solve_policy, uniform_policy
from mesascope.worlds.grids.red_doors import RedDoors
from tests.core import twins
from tests.core.strategies import any_mdp, discounts, mdps, objectives, policies

settings = hypothesis.settings(max_examples=20, deadline=None, derandomize=True)
some_mdp = st.one_of(any_mdp(), mdps(outcomes=3, band=2))


@settings
@given(some_mdp, policies(), objectives(), objectives(), objectives(), discounts())
def test_ledger_is_what_the_definition_says(mdp, subject, intended, base, mesa, discount):
    returns = returns_by_intended(mdp, subject, intended, base, mesa, discount)
    found = ledger(returns)
    terms = twins.ledger_terms(twins.tables(mdp), np.asarray(subject), intended, base, mesa, discount)
    hypothesis.assume(terms is not None)
    size = max(1.0, *(float(np.abs(column).max()) for column in returns))
    for gap, expected in zip(found, terms, strict=True):
        assert abs(gap.value - expected) <= 5e-5 * size


@settings
@given(some_mdp, policies(), objectives(), objectives(), objectives(), discounts())
def test_ledger_telescopes(mdp, subject, intended, base, mesa, discount):
    found = ledger(returns := returns_by_intended(mdp, subject, intended, base, mesa, discount))
    size = max(1.0, *(float(np.abs(column).max()) for column in returns))
    assert abs(found.outer.value + found.inner.value + found.capability.value - found.total.value) <= 1e-6
    best = (optimal_values(mdp, intended, discount).state * mdp.initial).sum(-1).mean()
    own = (feature_returns(mdp, subject, discount) @ intended).mean()
    assert abs(found.total.value - float(best - own)) <= 2e-5 * size
    slack = 2e-5 * size
    assert found.outer.value >= -slack
    assert found.total.value >= -slack
    for gap in found:
        assert gap.least - slack <= gap.value <= gap.greatest + slack
    # No reading of the ties makes up for less, or more, than the total.
    assert found.outer.least + found.inner.least + found.capability.least <= found.total.value + slack
    assert found.outer.greatest + found.inner.greatest + found.capability.greatest >= found.total.value - slack


@settings
@given(some_mdp, policies(), objectives())
def test_one_objective_leaves_only_the_capability_gap(mdp, subject, objective):
    returns = returns_by_intended(mdp, subject, objective, objective, objective)
    found = ledger(returns)
    size = max(1.0, float(np.abs(returns.intended).max()))
    for gap in (found.outer, found.inner):
        assert max(abs(gap.value), abs(gap.least), abs(gap.greatest)) <= 1e-4 * size


def test_share_is_of_what_there_is_to_gain():
    columns = {name: np.array([value]) for name, value in (("intended", 1.0), ("mesa", 0.25), ("subject", 0.25))}
    returns = ReturnsByU(
        base=np.array([0.75]),
        base_range=np.array([[0.5], [1.0]]),
        mesa_range=np.array([[0.25], [0.25]]),
        uniform=np.array([0.5]),
        **columns,
    )
    found = ledger(returns)
    assert found.outer == (0.25, 0.0, 0.5, 0.5)
    assert found.inner == (0.5, 0.25, 0.75, 1.0)
    assert found.capability == (0.0, 0.0, 0.0, 0.0)
    assert found.total == (0.75, 0.75, 0.75, 1.5)


def test_no_share_where_nothing_is_to_be_gained():
    nothing = np.zeros(2)
    found = ledger(ReturnsByU(nothing, nothing, np.zeros((2, 2)), nothing, np.zeros((2, 2)), nothing, nothing))
    assert all(np.isnan(gap.share) for gap in found)


def test_red_is_a_proxy_in_training_and_not_under_the_classic_shift():
    world = RedDoors()
    door = jnp.asarray(world.intended_goal.vector(world.features))
    red = jnp.zeros(len(world.features)).at[world.features.index("red")].set(1.0)
    inner = {}
    for distribution in ("training", "blue-door"):
        mdp = world.tables(world.draw(jax.random.key(0), 32, distribution))
        inner[distribution] = ledger(returns_by_intended(mdp, uniform_policy(mdp), door, door, red)).inner
    assert abs(inner["training"].value) < 1e-6
    assert inner["blue-door"].share > 0.5
    assert inner["blue-door"].least > 0


@settings
@given(some_mdp, policies(), objectives())
def test_competence(mdp, policy, weights):
    scale = competence_scale(mdp, weights)
    own = feature_returns(mdp, policy) @ weights
    best, uniform, mine = [], [], []
    for level, twin in enumerate(twins.tables(mdp)):
        best.append(twin.initial @ twins.optimal(twin, weights, 0.97)[0])
        even = np.full((twin.states, twin.actions), 1 / twin.actions)
        uniform.append(twins.policy_return(twin, even, weights, 0.97))
        mine.append(twins.policy_return(twin, np.asarray(policy[level]), weights, 0.97))
    size = max(1.0, np.abs(best).max(), np.abs(uniform).max())
    np.testing.assert_allclose(scale.optimal, best, atol=2e-5 * size)
    np.testing.assert_allclose(scale.uniform, uniform, atol=2e-5 * size)
    found, room = float(competence(own, scale)), np.mean(best) - np.mean(uniform)
    if room > 0.05 * size:
        assert abs(found - twins.competence(mine, uniform, best)) <= 1e-2
        assert found <= 1 + 1e-3


def test_competence_has_its_ends_and_no_value_where_nothing_is_to_be_done():
    scale = Scale(uniform=jnp.array([0.0, 0.5]), optimal=jnp.array([1.0, 1.0]))
    assert float(competence(scale.uniform, scale)) == 0.0
    assert float(competence(scale.optimal, scale)) == 1.0
    assert np.isnan(float(competence(scale.uniform, Scale(scale.uniform, scale.uniform))))


def test_solution_gives_the_policy_gradient(tiny):
    """dJ / d policy(s, a) = visits(s) Q(s, a), against the derivative of the solve itself, dense and banded."""
    world = RedDoors(size=7)
    banded = world.tables(world.draw(jax.random.key(1), 4))
    for mdp, weights in ((tiny, jnp.array([1.0])), (banded, jnp.arange(6.0))):
        reward, policy = rewards(mdp, weights), uniform_policy(mdp)

        def total(policy, mdp=mdp, reward=reward):
            return (evaluate(mdp, policy, reward) * mdp.initial).sum()

        solved = solve_policy(mdp, policy, reward)
        q = np.stack(
            [
                twins.action_values(twin, np.asarray(reward[level]), np.asarray(solved.values[level]), 0.97)
                for level, twin in enumerate(twins.tables(mdp))
            ]
        )
        np.testing.assert_allclose(jax.grad(total)(policy), np.asarray(solved.visits)[..., None] * q, atol=1e-4)
        # Forward mode agrees with reverse mode.
        direction = jax.random.normal(jax.random.key(2), policy.shape)
        forward = jax.jvp(total, (policy,), (direction,))[1]
        np.testing.assert_allclose(forward, (jax.grad(total)(policy) * direction).sum(), rtol=1e-3, atol=1e-4)
