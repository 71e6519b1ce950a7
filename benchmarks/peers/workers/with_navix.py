"""navix's worker: its rooms, its PPO on its own DoorKey and on the shared mazes.

Nothing of navix is copied: its environments and its agent are called as it exports them.
"""

from functools import partial

import distrax
import jax
import jax.numpy as jnp
import navix
import numpy as np
import shared_mazes
from answering import Ready, rate, serve
from flax import struct
from navix.agents import PPO, ActorCritic, PPOHparams
from navix.agents.models import ConvEncoder, MLPEncoder
from navix.environments.environment import Environment, StepType, Timestep
from navix.spaces import Continuous, Discrete
from racing import Racer, race
from stepping import batches, random_steps

ABOUT = {"jax": jax.__version__, "backend": jax.default_backend()}
ENCODERS = {"mlp": MLPEncoder, "conv": ConvEncoder}


def steps(options: dict) -> Ready:
    """Random walks; navix resets on the step after an episode's end, to a new start."""
    env, copies = navix.make(options["name"]), options["copies"]
    actions = len(env.action_set)

    def step(state, key):
        state = jax.vmap(env.step)(state, jax.random.randint(key, (copies,), 0, actions))
        return state, state.observation, state.reward

    return random_steps(lambda key: jax.vmap(env.reset)(jax.random.split(key, copies)), step, options, ABOUT)


def levels(options: dict) -> Ready:
    """Resets: rooms with new positions."""
    env, count = navix.make(options["name"]), options["batch"]
    made = jax.jit(lambda key: jax.vmap(lambda k: env.reset(k).state)(jax.random.split(key, count)))
    return batches(made, count, ABOUT)


@struct.dataclass
class Place:
    """State of one copy of the shared mazes."""

    level: jax.Array
    cell: jax.Array
    key: jax.Array


class SharedMazes(Environment):
    """Mesascope's mazes behind navix's interface, by table look-up; every episode is in a level drawn anew."""

    layers: jax.Array = None
    successor: jax.Array = None
    ends: jax.Array = None
    gain: jax.Array = None
    log_initial: jax.Array = None

    def _begin(self, key):
        key, draw, start = jax.random.split(key, 3)
        level = jax.random.randint(draw, (), 0, self.layers.shape[0])
        return Place(level, jax.random.categorical(start, self.log_initial[level]), key)

    def _see(self, place):
        return shared_mazes.seen(self.layers[place.level], place.cell, jnp).astype(jnp.float32)

    def reset(self, key, cache=None):
        """A level and a start in it."""
        place, zero = self._begin(key), jnp.asarray(0)
        earned = jnp.asarray(0.0)
        return Timestep(zero, self._see(place), zero, earned, zero, place, {"return": earned})

    def step(self, timestep, action):
        """One move; on the step after an episode's end a reset, as navix does it."""
        return jax.lax.cond(
            timestep.step_type > 0, lambda t: self.reset(t.state.key), lambda t: self._move(t, action), timestep
        )

    def _move(self, timestep, action):
        place = timestep.state
        cell = self.successor[place.level, place.cell, action].astype(place.cell.dtype)
        earned = self.gain[place.level, cell] * (cell != place.cell)
        late = jnp.where(timestep.t + 1 >= self.max_steps, StepType.TRUNCATION, StepType.TRANSITION)
        kind = jnp.where(self.ends[place.level, cell], StepType.TERMINATION, late)
        place = place.replace(cell=cell)
        info = {"return": timestep.info["return"] + earned}
        return Timestep(timestep.t + 1, self._see(place), jnp.asarray(action), earned, kind, place, info)


def _learner(env, actions: int, options: dict):
    encoder = ENCODERS[options["network"]]
    kind = Flat if options["network"] == "mlp" else ActorCritic
    network = kind(actions, actor_encoder=encoder(), critic_encoder=encoder())
    hparams = PPOHparams(
        budget=0,
        num_envs=options["actors"],
        num_steps=options["length"],
        num_minibatches=options["minibatches"],
        num_epochs=options["epochs"],
        lr=options["learning_rate"],
        anneal_lr=False,
    )
    agent = PPO(hparams, network, env)
    # A budget of no frames hands out the state before the first update.
    # The environment's arrays are arguments of the programs: as constants they are slow to compile.
    begin = jax.jit(lambda env, key: agent.replace(env=env).train(key)[0])
    update = jax.jit(lambda env, state: agent.replace(env=env).update(state, None)[0])
    return agent, partial(begin, env), partial(update, env)


def _about(state, options: dict) -> dict:
    return {
        **ABOUT,
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(state.params)),
        "steps_per_update": options["actors"] * options["length"],
        **{name: options[name] for name in ("network", "epochs", "minibatches", "learning_rate")},
    }


class Flat(ActorCritic):
    """Its actor-critic on observations laid flat, as its own training example does with symbolic ones."""

    def __call__(self, x):
        """Policy and value."""
        return super().__call__(jnp.ravel(x).astype(jnp.float32))

    def policy(self, x) -> distrax.Distribution:
        """Policy alone."""
        return super().policy(jnp.ravel(x).astype(jnp.float32))

    def value(self, x):
        """Value alone."""
        return super().value(jnp.ravel(x).astype(jnp.float32))


def ppo(options: dict) -> Ready:
    """PPO end to end on one of its own environments."""
    env = navix.make(options["name"])
    _, begin, update = _learner(env, len(env.action_set), options)
    held = [begin(jax.random.PRNGKey(0))]

    def work():
        held[0] = jax.block_until_ready(update(held[0]))

    work()
    work()
    per = options["actors"] * options["length"]
    return Ready(_about(held[0], options), lambda _: {"steps": rate(work, per, 1.0)})


def training(options: dict) -> Ready:
    """Its PPO on the shared mazes, drawn from a pool, to the target."""
    shared = shared_mazes.load(options["mazes"])
    pool, probes = shared.pool, jnp.asarray(shared.probe.layers)
    _, height, width, channels = pool.layers.shape
    env = SharedMazes(
        height=height,
        width=width,
        max_steps=100,
        gamma=options["gamma"],
        observation_space=Continuous.create((height, width, channels + 1), jnp.asarray(0.0), jnp.asarray(1.0)),
        action_space=Discrete.create(4),
        reward_space=Continuous.create((), jnp.asarray(0.0), jnp.asarray(1.0)),
        **{name: jnp.asarray(getattr(pool, name)) for name in ("layers", "successor", "ends", "gain")},
        log_initial=jnp.log(jnp.asarray(pool.initial)),
    )
    agent, begin, update = _learner(env, 4, options)

    @jax.jit
    def table(params):
        def level(layers):
            def look(cell):
                return shared_mazes.seen(layers, cell, jnp).astype(jnp.float32)

            def policy(x):
                return agent.network.apply(params, x, method="policy").probs

            observed = jax.vmap(look)(jnp.arange(height * width))
            return jax.vmap(policy)(observed)

        return jax.lax.map(level, probes)

    def advance(state):
        for _ in range(options["chunk"]):
            state = update(state)
        return jax.block_until_ready(state)

    racer = Racer(
        lambda seed: begin(jax.random.PRNGKey(seed)),
        advance,
        lambda state: shared_mazes.share_of_optimal(np.asarray(table(state.params), np.float64), shared),
        options["actors"] * options["length"] * options["chunk"],
    )
    state = racer.advance(racer.begin(0))
    racer.share(state)
    about = {**_about(state, options), "discount": options["gamma"]}
    return Ready(about, lambda repeat: race(racer, repeat, options["target"], options["cap"]))


serve({f.__name__: f for f in (steps, levels, ppo, training)})
