import jax
import jax.numpy as jnp
import numpy as np

from mesascope.base_optimizers.exact_policy_gradient import exact_return
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over


def slow_return(logits: np.ndarray, mdp, reward: np.ndarray, discount: float) -> float:
    """Mean return by a dense solve in double precision."""
    policy = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    total = 0.0
    for level in range(mdp.levels):
        live = ~np.asarray(mdp.terminal[level])
        chain = np.zeros((mdp.states, mdp.states))
        for state, action in np.ndindex(mdp.states, mdp.actions):
            if live[state]:
                target = int(mdp.successor[level, state, action, 0])
                chain[state, target] += policy[level, state, action]
        gain = live * (policy[level] * reward[level]).sum(-1)
        total += float(np.asarray(mdp.initial[level]) @ np.linalg.solve(np.eye(mdp.states) - discount * chain, gain))
    return total / mdp.levels


def test_gradient_is_that_of_the_return(batch, world):
    mdp, _, reward = batch
    logits = jax.random.normal(named_key(1, "logits"), (mdp.levels, mdp.states, 4))

    def both(logits):
        found = exact_return(jax.nn.softmax(logits), mdp, reward, world.discount)
        return found.surrogate, found.mean_return

    (_, value), gradient = jax.jit(jax.value_and_grad(both, has_aux=True))(logits)
    mdp, reward, base = jax.device_get(mdp), np.asarray(reward, np.float64), np.asarray(logits, np.float64)
    np.testing.assert_allclose(value, slow_return(base, mdp, reward, world.discount), rtol=1e-5)
    expected = np.zeros_like(base)
    for place in np.ndindex(*base.shape):
        nudge = np.zeros_like(base)
        nudge[place] = 1e-5
        ends = (slow_return(base + sign * nudge, mdp, reward, world.discount) for sign in (1, -1))
        expected[place] = np.subtract(*ends) / 2e-5
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_an_optimal_policy_has_no_gradient(batch, world):
    mdp, _, reward = batch
    weights = jnp.asarray(world.base_objective.vector(world.features))
    best = uniform_over(optimal_actions(optimal_values(mdp, weights, world.discount).action))

    def surrogate(policy):
        return exact_return(policy, mdp, reward, world.discount).surrogate

    gradient = jax.jit(jax.grad(surrogate))(best)
    # No action gains over what the policy does, and what it does gains nothing over itself.
    assert gradient.max() < 1e-5
    np.testing.assert_allclose((gradient * best).sum(-1), 0.0, atol=1e-5)
