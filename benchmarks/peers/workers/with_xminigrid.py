"""xminigrid's worker: its rooms, reset on the step that ends an episode."""

import jax
import xminigrid
from answering import Ready, serve
from stepping import batches, random_steps
from xminigrid.wrappers import GymAutoResetWrapper

ABOUT = {"jax": jax.__version__, "backend": jax.default_backend()}


def steps(options: dict) -> Ready:
    """Random walks; xminigrid sees 7x7 cells around the agent."""
    env, params = xminigrid.make(options["name"])
    env, copies = GymAutoResetWrapper(env), options["copies"]
    actions = env.num_actions(params)

    def step(state, key):
        chosen = jax.random.randint(key, (copies,), 0, actions)
        state = jax.vmap(env.step, (None, 0, 0))(params, state, chosen)
        return state, state.observation, state.reward

    def begin(key):
        return jax.vmap(env.reset, (None, 0))(params, jax.random.split(key, copies))

    return random_steps(begin, step, options, ABOUT)


def levels(options: dict) -> Ready:
    """Resets: rooms with new positions."""
    env, params = xminigrid.make(options["name"])
    count = options["batch"]
    made = jax.jit(lambda key: jax.vmap(lambda k: env.reset(params, k).state)(jax.random.split(key, count)))
    return batches(made, count, ABOUT)


serve({"steps": steps, "levels": levels})
