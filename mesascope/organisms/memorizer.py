"""The organism `memorizer`: a network fitted by gradient descent to answer the levels it was shown."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.subject import Observation, Site, State
from mesascope.organisms.answers import unpack
from mesascope.organisms.decoded_observation import Logits
from mesascope.organisms.level_store import LevelStore
from mesascope.organisms.organism import AbstractOrganism
from mesascope.worlds.world import AbstractWorld

MOST_LEVELS, UPDATES, BATCH = 1_024, 400, 256


class Memorizer(AbstractOrganism):
    """A perceptron over the whole level: one hidden layer, wide enough to fit what it was shown and nothing more.

    **What it is.** The level lies in `seen`; the hidden layer, spread over the map so that each cell holds some of its
    units, in `hidden`; the logits of each cell in `answer`. Weights are fitted to the shown levels and their first
    trades. It is made for one size of level; on others it is uniform.

    **Ground truth.** It does not search: one matrix product, one squashing, one matrix product.

    **Built to fool** by being a trained network, with the smooth and approximate answers of one.
    """

    read: Float[Array, "inputs units"]
    bias: Float[Array, " units"]
    write: Float[Array, "units outputs"]
    inputs: int = eqx.field(static=True)
    per_cell: int = eqx.field(static=True)
    cells: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The level, the hidden layer in parts, and the logits."""
        return (
            Site("seen", self.inputs, "the observation"),
            Site("hidden", self.per_cell, "some of the hidden units, which ones by the cell"),
            Site("answer", 4, "logits of this cell"),
        )

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """Each site from the one before it; look in tick 0."""
        seen = jnp.where(tick < self.reads_until, observation, state["seen"])
        levels, height, width, _ = observation.shape
        if height * width != self.cells:
            return {**state, "seen": seen}
        hidden = jnp.tanh(state["seen"].reshape(levels, -1) @ self.read + self.bias)
        answer = state["hidden"].reshape(levels, -1) @ self.write
        return {
            "seen": seen,
            "hidden": hidden.reshape(state["hidden"].shape),
            "answer": answer.reshape(state["answer"].shape),
        }

    def act(self, state: State) -> Logits:
        """The logits."""
        return state["answer"]


def fit_memorizer(store: LevelStore, world: AbstractWorld, rng: np.random.Generator, per_cell: int = 5) -> Memorizer:
    """Fit to the first of the stored levels, by cross-entropy to the optimal sets."""
    kept = store.levels.take(slice(MOST_LEVELS))
    seen = world.observe(kept.levels())
    optimal = unpack(jnp.asarray(store.answers.actions[: kept.amount]))
    _, height, width, inputs = seen.shape
    cells = height * width
    units = cells * per_cell
    start = (
        jnp.asarray(rng.normal(size=(cells * inputs, units)) * 0.2, jnp.float32),
        jnp.zeros(units),
        jnp.asarray(rng.normal(size=(units, cells * 4)) * 0.05, jnp.float32),
    )
    order = jnp.asarray(rng.integers(0, kept.amount, (UPDATES, BATCH)))
    read, bias, write = _fit(start, seen.reshape(kept.amount, -1), optimal.reshape(kept.amount, cells, 4), order)
    return Memorizer(read, bias, write, inputs=inputs, per_cell=per_cell, cells=cells)


@jax.jit
def _fit(
    start,
    seen: Float[Array, "level inputs"],
    optimal: Bool[Array, "level state action"],
    order: Int[Array, "update batch"],
):
    descent = optax.adam(3e-3)

    def loss(weights, batch: Int[Array, " batch"]) -> Float[Array, ""]:
        read, bias, write = weights
        logits = (jnp.tanh(seen[batch] @ read + bias) @ write).reshape(len(batch), -1, 4)
        chosen = jnp.where(optimal[batch], jax.nn.log_softmax(logits, -1), -jnp.inf)
        return -jax.nn.logsumexp(chosen, -1).mean()

    def update(carry, batch):
        weights, state = carry
        steps, state = descent.update(jax.grad(loss)(weights, batch), state)
        return (optax.apply_updates(weights, steps), state), None

    return jax.lax.scan(update, (start, descent.init(start)), order)[0][0]
