"""jumanji's worker: its random maze, reset to a new maze on the step that ends an episode."""

import jax
from answering import Ready, serve
from jumanji.environments import Maze
from jumanji.environments.routing.maze.generator import RandomGenerator
from jumanji.wrappers import AutoResetWrapper
from stepping import batches, random_steps

ABOUT = {"jax": jax.__version__, "backend": jax.default_backend()}


def _made(options: dict) -> RandomGenerator:
    side = options["size"] - 2  # jumanji stores no border either
    return RandomGenerator(num_rows=side, num_cols=side)


def steps(options: dict) -> Ready:
    """Random walks among all four actions, legal or not."""
    env, copies = AutoResetWrapper(Maze(generator=_made(options))), options["copies"]

    def step(state, key):
        state, shown = jax.vmap(env.step)(state, jax.random.randint(key, (copies,), 0, 4))
        return state, shown.observation, shown.reward

    return random_steps(lambda key: jax.vmap(env.reset)(jax.random.split(key, copies))[0], step, options, ABOUT)


def levels(options: dict) -> Ready:
    """Mazes generated."""
    made, count = _made(options), options["batch"]
    return batches(jax.jit(lambda key: jax.vmap(made)(jax.random.split(key, count))), count, ABOUT)


serve({"steps": steps, "levels": levels})
