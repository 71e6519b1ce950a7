"""jaxgmg's worker: its corner mazes, its solver, its PPO on its own mazes and on ours.

Nothing of jaxgmg is copied: its environments, networks, rollouts and updates are called as it exports them.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import shared_mazes
from answering import Ready, rate, serve
from flax import struct
from flax.training.train_state import TrainState
from jaxgmg.baselines import autocurricula, experience, networks, ppo
from jaxgmg.environments import base, cheese_in_the_corner
from jaxgmg.procgen import maze_generation
from racing import Racer, race
from stepping import batches, random_steps

ABOUT = {"jax": jax.__version__, "backend": jax.default_backend()}
PPO = {"clip_eps": 0.1, "entropy_coeff": 0.001, "critic_coeff": 0.5}
"""The defaults of its command line."""


def _corner(options: dict):
    size = options["size"]
    mazes = maze_generation.get_generator_class_from_name(name=options.get("layout", "tree"))()
    env = cheese_in_the_corner.Env(penalize_time=False)
    made = cheese_in_the_corner.LevelGenerator(height=size, width=size, maze_generator=mazes, corner_size=size - 2)
    return env, made


def steps(options: dict) -> Ready:
    """Random walks; jaxgmg resets an ended episode to the same level."""
    env, made = _corner(options)
    copies = options["copies"]

    def step(state, key):
        act, key = jax.random.split(key)
        observed, state, reward, _, _ = env.vstep(key, state, jax.random.randint(act, (copies,), 0, env.num_actions))
        return state, observed, reward

    return random_steps(lambda key: env.vreset_to_level(made.vsample(key, copies))[1], step, options, ABOUT)


def levels(options: dict) -> Ready:
    """Levels generated."""
    made, count = _corner(options)[1], options["batch"]
    return batches(jax.jit(lambda key: made.vsample(key, count)), count, ABOUT)


def solving(options: dict) -> Ready:
    """From levels to the distances that give the value of every cell, by its Floyd-Warshall solver."""
    env, made = _corner(options)
    count = options["batch"]
    solver = cheese_in_the_corner.LevelSolver(env=env, discount_rate=0.97)
    drawn = jax.block_until_ready(made.vsample(jax.random.key(0), count))
    solve = jax.jit(lambda levels: solver.vmap_level_value(solver.vmap_solve(levels), levels))
    jax.block_until_ready(solve(drawn))
    return Ready(
        {**ABOUT, "batch": count, "values": "the start's, from distances between all cells"},
        lambda _: {"levels": rate(lambda: jax.block_until_ready(solve(drawn)), count)},
    )


class _Learner:
    """Its PPO, one cycle at a time, as its own training loop calls it."""

    def __init__(self, env, gen, example, options: dict):
        self.env, self.gen, self.options = env, gen, options
        self.net = networks.get_architecture(options["network"], num_actions=env.num_actions)
        self.example = example

    def _apply(self, params, observed, memory, _):
        # The previous action is hidden, so that the policy is a function of what is seen and can be judged exactly.
        none = -jnp.ones(jax.tree.leaves(observed)[0].shape[0], dtype=int)
        return jax.vmap(self.net.apply, in_axes=(None, 0, 0, 0))(params, observed, memory, none)

    def begin(self, seed: int, gen_state):
        params, self.memory = self.net.init_params_and_state(
            rng=jax.random.PRNGKey(seed), obs_type=self.env.obs_type(level=self.example)
        )
        learning_rate = self.options["learning_rate"]
        chain = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(learning_rate=learning_rate))
        state = TrainState.create(apply_fn=self._apply, params=params, tx=chain)
        return state, gen_state, jax.random.PRNGKey(seed + 1_000)

    def cycle(self, carry):
        state, gen_state, key = carry
        o = self.options
        key, draw, walk, learn = jax.random.split(key, 4)
        gen_state, levels = self.gen.get_batch(state=gen_state, rng=draw, num_levels=o["actors"])
        walked = experience.collect_rollouts(
            rng=walk, num_steps=o["length"], train_state=state, net_init_state=self.memory, env=self.env, levels=levels
        )
        advantages = jax.vmap(experience.generalised_advantage_estimation, (0, None, None))(walked, 0.95, 0.97)
        state, _ = ppo.ppo_update(
            rng=learn,
            train_state=state,
            rollouts=walked,
            advantages=advantages,
            num_epochs=o["epochs"],
            num_minibatches_per_epoch=o["minibatches"],
            gamma=0.97,
            compute_metrics=False,
            **PPO,
        )
        return state, self.gen.update(state=gen_state, rollouts=walked, advantages=advantages), key

    def about(self, state) -> dict:
        o = self.options
        return {
            **ABOUT,
            "parameters": sum(leaf.size for leaf in jax.tree.leaves(state.params)),
            "steps_per_update": o["actors"] * o["length"],
            **{name: o[name] for name in ("network", "epochs", "minibatches", "learning_rate")},
        }


def ppo_rate(options: dict) -> Ready:
    """PPO end to end on its own corner mazes, fresh levels every cycle."""
    env, made = _corner(options)
    gen = autocurricula.InfiniteDomainRandomisation(level_generator=made)
    learner = _Learner(env, gen, made.sample(jax.random.PRNGKey(0)), options)
    held = [learner.begin(0, gen.init())]

    def work():
        held[0] = jax.block_until_ready(learner.cycle(held[0]))

    work()
    work()
    per = options["actors"] * options["length"]
    return Ready(learner.about(held[0][0]), lambda _: {"steps": rate(work, per, 1.0)})


@struct.dataclass
class Level(base.Level):
    """One of the shared mazes, with its start."""

    layers: jax.Array
    successor: jax.Array
    ends: jax.Array
    gain: jax.Array
    start: jax.Array


@struct.dataclass
class State(base.EnvState):
    """Where the agent stands."""

    cell: jax.Array


@struct.dataclass
class SharedMazes(base.Env):
    """Mesascope's mazes behind jaxgmg's interface, by table look-up."""

    @property
    def num_actions(self) -> int:
        """Up, down, left, right."""
        return 4

    def obs_type(self, level: Level):
        """Shape of what is seen."""
        height, width, channels = level.layers.shape
        return jax.ShapeDtypeStruct((height, width, channels + 1), bool)

    def _reset(self, level: Level) -> State:
        return State(level=level, steps=0, done=False, cell=level.start)

    def _step(self, rng, state: State, action):
        cell = state.level.successor[state.cell, action].astype(int)
        gain = state.level.gain[cell] * (cell != state.cell)
        return state.replace(cell=cell), gain, state.level.ends[cell], {}

    def _get_obs_bool(self, state: State):
        return shared_mazes.seen(state.level.layers, state.cell, jnp)


def training(options: dict) -> Ready:
    """Its PPO on the shared mazes, drawn from a pool, to the target."""
    shared = shared_mazes.load(options["mazes"])
    starts = [np.random.default_rng(i).choice(len(p), p=p / p.sum()) for i, p in enumerate(shared.pool.initial)]
    pool = Level(*(jnp.asarray(a) for a in (*shared.pool[:4], np.array(starts, np.int32))))
    env = SharedMazes(max_steps_in_episode=100, penalize_time=False)
    gen = autocurricula.FiniteDomainRandomisation()
    learner = _Learner(env, gen, jax.tree.map(lambda x: x[0], pool), options)
    probes, cells = jnp.asarray(shared.probe.layers), shared.probe.initial.shape[1]

    @jax.jit
    def table(params):
        def level(layers):
            observed = jax.vmap(lambda cell: shared_mazes.seen(layers, cell, jnp))(jnp.arange(cells))
            return learner._apply(params, observed, None, None)[0].probs

        return jax.lax.map(level, probes)

    racer = Racer(
        lambda seed: learner.begin(seed, gen.init(levels=pool)),
        lambda carry: jax.block_until_ready(_times(learner.cycle, carry, options["chunk"])),
        lambda carry: shared_mazes.share_of_optimal(np.asarray(table(carry[0].params), np.float64), shared),
        options["actors"] * options["length"] * options["chunk"],
    )
    carry = racer.advance(racer.begin(0))
    racer.share(carry)
    return Ready(learner.about(carry[0]), lambda repeat: race(racer, repeat, options["target"], options["cap"]))


def _times(work, carry, times: int):
    for _ in range(times):
        carry = work(carry)
    return carry


serve({"steps": steps, "levels": levels, "solving": solving, "ppo": ppo_rate, "training": training})
