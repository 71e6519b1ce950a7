"""gymnax's worker: random walks in the environment named, which resets itself."""

import gymnax
import jax
from answering import Ready, serve
from stepping import random_steps

ABOUT = {"jax": jax.__version__, "backend": jax.default_backend()}


def steps(options: dict) -> Ready:
    """Random walks."""
    env, params = gymnax.make(options["name"])
    copies, actions = options["copies"], env.num_actions

    def step(state, key):
        act, key = jax.random.split(key)
        chosen = jax.random.randint(act, (copies,), 0, actions)
        observed, state, reward, *_ = jax.vmap(env.step, (0, 0, 0, None))(
            jax.random.split(key, copies), state, chosen, params
        )
        return state, observed, reward

    def begin(key):
        return jax.vmap(env.reset, (0, None))(jax.random.split(key, copies), params)[1]

    return random_steps(begin, step, options, ABOUT)


serve({"steps": steps})
