"""craftax's worker: no maze, but a grid world in JAX that users meet."""

import jax
from answering import Ready, serve
from craftax.craftax_env import make_craftax_env_from_name
from stepping import random_steps

ABOUT = {"jax": jax.__version__, "backend": jax.default_backend()}


def steps(options: dict) -> Ready:
    """Random walks; without its own auto-reset, which generates a world for every step of every copy."""
    env = make_craftax_env_from_name(options["name"], auto_reset=False)
    params, copies = env.default_params, options["copies"]

    def step(state, key):
        act, key = jax.random.split(key)
        chosen = jax.random.randint(act, (copies,), 0, env.action_space(params).n)
        observed, state, reward, *_ = jax.vmap(env.step, (0, 0, 0, None))(
            jax.random.split(key, copies), state, chosen, params
        )
        return state, observed, reward

    def begin(key):
        return jax.vmap(env.reset, (0, None))(jax.random.split(key, copies), params)[1]

    return random_steps(begin, step, options, {**ABOUT, "auto_reset": "no"})


serve({"steps": steps})
