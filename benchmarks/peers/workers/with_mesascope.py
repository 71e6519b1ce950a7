"""Mesascope's own worker: random steps, levels, solving, PPO, and training to a share of the optimal return."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import shared_mazes
from answering import Ready, rate, serve
from racing import Racer, race
from stepping import batches, random_steps

import mesascope
from mesascope.base_optimizers.registry import PRESETS, build_base_optimizer
from mesascope.base_optimizers.training import advance, begin, probe, stand
from mesascope.core.rng import named_key
from mesascope.learned.registry import parameter_count
from mesascope.worlds.grids.red_doors import RedDoors

try:
    from mesascope.worlds.grids import stepping
except ImportError:  # a checkout from before it
    stepping = None

ABOUT = {"version": mesascope.__version__, "jax": jax.__version__, "backend": jax.default_backend()}


def steps(options: dict) -> Ready:
    """Random walks by table look-up; an episode that ends is followed by one in the next level.

    An observation is a byte for each cell with a bit for each channel, or with `unpacked` a boolean for each channel.
    """
    if stepping is None:
        return _steps_by_tables(options)
    world, copies, count = RedDoors(size=options["size"]), options["copies"], options["steps"]
    drawn = world.draw(named_key(0, "levels"), copies)
    stepper = stepping.make_stepper(world, drawn, named_key(0, "stepper"), 100)
    first = stepping.begin(stepper, named_key(0, "begin"), copies)
    channels = world.observe(drawn[:1]).shape[-1]

    @partial(jax.jit, static_argnames="looking")
    def walk(stepper, key, looking: bool):
        walked = stepping.walk_at_random(stepper, first, key, count, looking=looking)[1]
        if looking and options.get("unpacked"):
            return walked.stepped, stepping.as_channels(walked.seen, channels)
        return walked

    def measure(repeat: int) -> dict[str, float | None]:
        key, of = jax.random.key(repeat), {"observed": True, "unobserved": False}

        def work(looking):
            return jax.block_until_ready(walk(stepper, key, looking))

        return {name: rate(lambda looking=looking: work(looking), copies * count) for name, looking in of.items()}

    seen = [jax.block_until_ready(walk(stepper, jax.random.key(0), looking)) for looking in (False, True)][1][1]
    cost = seen.size * seen.dtype.itemsize // (copies * count)
    return Ready({**ABOUT, "copies": copies, "steps": count, "observation_bytes": cost}, measure)


def _steps_by_tables(options: dict) -> Ready:
    """Random walks in the tables of the solver, where there is no stepper."""
    world, copies = RedDoors(size=options["size"]), options["copies"]

    def start(mdp, level, key):
        return jax.random.categorical(key, jnp.log(mdp.initial[level]), -1).astype(jnp.int32)

    def first(key):
        levels = world.draw(named_key(key, "levels"), copies)
        mdp, level = world.tables(levels), jnp.arange(copies, dtype=jnp.int32)
        layers = world.observe(levels).astype(bool).reshape(copies, mdp.states, -1)
        return mdp, layers, level, start(mdp, level, named_key(key, "start"))

    def step(state, key):
        mdp, layers, level, cell = state
        act, reset = jax.random.split(key)
        action = jax.random.randint(act, (copies,), 0, 4)
        reached = mdp.successor[level, cell, action, 0]
        reward = mdp.features[level, cell, action, 0, 0]
        ended = mdp.terminal[level, reached]
        level = jnp.where(ended, (level + 1) % copies, level)
        cell = jnp.where(ended, start(mdp, level, reset), reached)
        here = (jnp.arange(mdp.states) == cell[:, None])[..., None]
        return (mdp, layers, level, cell), jnp.concatenate([layers[level], here], -1), reward

    return random_steps(first, step, options, ABOUT)


def levels(options: dict) -> Ready:
    """Levels drawn."""
    count = options["batch"]
    return batches(jax.jit(partial(RedDoors(size=options["size"]).draw, count=count)), count, ABOUT)


def solving(options: dict) -> Ready:
    """From levels to the optimal values of all states and actions."""
    world, count = RedDoors(size=options["size"]), options["batch"]
    door = jnp.asarray(world.base_objective.vector(world.features))
    drawn = jax.block_until_ready(world.draw(named_key(0, "levels"), count))
    solve = jax.jit(lambda levels: world.solve(levels, door))
    jax.block_until_ready(solve(drawn))
    return Ready(
        {**ABOUT, "batch": count, "values": "all states and actions"},
        lambda _: {"levels": rate(lambda: jax.block_until_ready(solve(drawn)), count)},
    )


def ppo(options: dict) -> Ready:
    """PPO end to end: drawing levels, walking, learning."""
    world, optimizer = RedDoors(size=options["size"]), build_base_optimizer("ppo")
    state = begin(optimizer, world, options["network"], seed=0)
    once = jnp.array(1, jnp.int32)
    jax.block_until_ready(advance(optimizer, world, state, once))
    about = {
        **ABOUT,
        "parameters": parameter_count(state.subject),
        "steps_per_update": optimizer.steps_per_update,
        "epochs": optimizer.epochs,
        "minibatches": optimizer.minibatches,
    }

    def measure(_: int) -> dict[str, float | None]:
        def work():
            return jax.block_until_ready(advance(optimizer, world, state, once))

        return {"steps": rate(work, optimizer.steps_per_update, 1.0)}

    return Ready(about, measure)


def training(options: dict) -> Ready:
    """A base optimizer with its own defaults, to the target."""
    world, name = RedDoors(size=options["size"]), options["optimizer"]
    optimizer = build_base_optimizer(name, PRESETS["default"] if name == "exact-policy-gradient" else {})
    chunk, sampled = jnp.array(options["chunk"], jnp.int32), getattr(optimizer, "steps_per_update", None)
    judged = probe(world)

    racer = Racer(
        lambda seed: begin(optimizer, world, options["network"], seed=seed),
        lambda state: jax.block_until_ready(advance(optimizer, world, state, chunk))[0],
        lambda state: float(stand(optimizer.subject(state), judged, world.discount)[1]),
        None if sampled is None else sampled * options["chunk"],
    )
    state = racer.begin(0)
    racer.share(racer.advance(state))
    about = {**ABOUT, "parameters": parameter_count(state.subject), "network": options["network"]}
    return Ready(about, lambda repeat: race(racer, repeat, options["target"], options["cap"]))


def share(options: dict) -> Ready:
    """No measurement: write the shared mazes, once, for the peers to read."""
    world, held = RedDoors(size=options["size"]), []
    for drawn in (
        world.draw(named_key(0, "pool"), options["pool"]),
        world.draw(named_key(jax.random.key(0), "probe"), 256),
    ):
        mdp, shown = world.tables(drawn), world.observe(drawn)
        door = shown[..., 1].reshape(drawn.count, -1)
        held.append(
            shared_mazes.Mazes(
                *(np.asarray(a, t) for a, t in ((shown, bool), (mdp.successor[..., 0], np.uint8))),
                *(np.asarray(a, t) for a, t in ((mdp.terminal, bool), (door, np.float32), (mdp.initial, np.float32))),
            )
        )
    optimal = float(probe(world).scale.optimal.mean())
    shared_mazes.save(options["mazes"], shared_mazes.Shared(*held, optimal, world.discount))
    return Ready({**ABOUT, "levels": options["pool"]}, lambda _: {})


serve({f.__name__: f for f in (steps, levels, solving, ppo, training, share)})
