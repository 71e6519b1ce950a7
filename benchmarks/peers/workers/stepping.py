"""A random policy in many copies of a JAX environment: one compiled scan, with and without its observations.

Runs in the environments of all JAX peers; needs nothing but jax.
"""

from collections.abc import Callable
from typing import Any

import jax
from answering import Ready, rate

Step = Callable[[Any, jax.Array], tuple[Any, Any, Any]]
"""(state of all copies, key) -> (next state, observations, rewards); resets ended copies itself."""


def scanned(step: Step, steps: int, observed: bool):
    """`steps` steps in one program. The rewards always come back; the observations only where `observed`."""

    def walk(state, key):
        def one(state, key):
            state, observation, reward = step(state, key)
            return state, (observation if observed else None, reward)

        return jax.lax.scan(one, state, jax.random.split(key, steps))[1]

    return jax.jit(walk)


def random_steps(begin: Callable[[jax.Array], Any], step: Step, options: dict, about: dict) -> Ready:
    """Steps a second of `options["copies"]` copies for `options["steps"]` steps; the reset is not timed."""
    copies, steps = options["copies"], options["steps"]
    state = jax.block_until_ready(jax.jit(begin)(jax.random.key(0)))
    walks = {name: scanned(step, steps, name == "observed") for name in ("observed", "unobserved")}
    shape = jax.eval_shape(step, state, jax.random.key(0))[1]
    cost = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(shape)) // copies
    for walk in walks.values():
        jax.block_until_ready(walk(state, jax.random.key(0)))

    def measure(repeat: int) -> dict[str, float | None]:
        key = jax.random.key(repeat)
        return {n: rate(lambda w=w: jax.block_until_ready(w(state, key)), copies * steps) for n, w in walks.items()}

    return Ready({**about, "copies": copies, "steps": steps, "observation_bytes": cost}, measure)


def batches(make: Callable[[jax.Array], Any], count: int, about: dict) -> Ready:
    """Things a second of a jitted `make(key)` that makes `count` of them."""
    jax.block_until_ready(make(jax.random.key(0)))

    def measure(repeat: int) -> dict[str, float | None]:
        key = jax.random.key(repeat + 1)
        return {"levels": rate(lambda: jax.block_until_ready(make(key)), count)}

    return Ready({**about, "batch": count}, measure)
