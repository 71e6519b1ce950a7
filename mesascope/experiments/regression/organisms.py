"""Reference readers: built, not trained, so that what they do inside is known. No instrument imports this module."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.experiments.regression.contexts import INPUTS, Contexts
from mesascope.experiments.regression.networks import TOKEN, Attention, Transformer
from mesascope.experiments.regression.reader import AbstractReader, State, tokens_of


def constructed_descent(rates: Float[Array, " step"], shrinks: Float[Array, " step"]) -> Transformer:
    """Weights of a linear network whose every layer is one step of gradient descent on the context loss from w = 0.

    Tokens are scored by their inputs; labels lose a step's rate times what it explains (von Oswald et al. 2212.07677,
    proposition 1), and inputs become x - shrink S x (their GD++; 0 is plain descent).
    """
    alike = jnp.diag(jnp.ones(TOKEN).at[INPUTS:].set(0.0))
    blocks = []
    for rate, shrink in zip(rates, shrinks, strict=True):
        moved = -jnp.diag(jnp.full(TOKEN, shrink).at[INPUTS:].set(jnp.array([rate, 0.0])))
        blocks.append(Attention(alike[None], moved[None]))
    return Transformer(tuple(blocks), None, None, False)


class Memorizer(AbstractReader):
    """Knows its training tasks by heart, weighs them by how well they fit the context, and answers with their mean.

    The first layer notes, on each pair, how badly every task fits it; the second adds this up at the query.
    """

    tasks: Float[Array, "task feature"]
    precision: float = eqx.field(static=True, default=100.0)

    @property
    def layers(self) -> int:
        """Noting and adding up."""
        return 2

    def begin(self, contexts: Contexts) -> State:
        """The tokens, with room for a note on each task."""
        return jnp.pad(tokens_of(contexts), ((0, 0), (0, 0), (0, self.tasks.shape[0])))

    def step(self, state: State, layer: int) -> State:
        """Notes on the pairs, then their sum at the query."""
        if layer == 0:
            errors = state[..., INPUTS, None] - jnp.einsum("ltf,mf->ltm", state[..., :INPUTS], self.tasks)
            return state.at[:, :-1, TOKEN:].set(-0.5 * self.precision * errors[:, :-1] ** 2)
        return state.at[:, -1, TOKEN:].set(state[:, :-1, TOKEN:].sum(1))

    def answer(self, state: State) -> Float[Array, " level"]:
        """The mean of the tasks' answers."""
        belief = jax.nn.softmax(state[:, -1, TOKEN:], -1)
        return jnp.einsum("lm,mf,lf->l", belief, self.tasks, state[:, -1, :INPUTS])


class Smoother(AbstractReader):
    """Averages the labels of inputs near the query: a table of its context, with nothing fitted.

    The first layer notes at the query how near each pair is, the second averages.
    """

    sharpness: float = eqx.field(static=True, default=2.0)

    @property
    def layers(self) -> int:
        """Noting and averaging."""
        return 2

    def begin(self, contexts: Contexts) -> State:
        """The tokens, with room for the nearness of each and for the answer."""
        return jnp.pad(tokens_of(contexts), ((0, 0), (0, 0), (0, 2)))

    def step(self, state: State, layer: int) -> State:
        """Nearness, then the average."""
        if layer == 0:
            apart = ((state[:, :-1, :INPUTS] - state[:, -1:, :INPUTS]) ** 2).sum(-1)
            return state.at[:, :-1, TOKEN].set(-self.sharpness * apart)
        weights = jax.nn.softmax(state[:, :-1, TOKEN], -1)
        return state.at[:, -1, TOKEN + 1].set((weights * state[:, :-1, INPUTS]).sum(-1))

    def answer(self, state: State) -> Float[Array, " level"]:
        """The average."""
        return state[:, -1, TOKEN + 1]


class Newton(AbstractReader):
    """Improves an estimate M of the inverse second moment by M <- 2 M - M S M in every layer, and answers with M b (Schulz 1933).

    M stands at the query; S and b, the means of input input^T and of label input, are read off the pairs' tokens each time.
    """

    size: float = eqx.field(static=True)
    steps: int = eqx.field(static=True)

    @property
    def layers(self) -> int:
        """Steps."""
        return self.steps

    def begin(self, contexts: Contexts) -> State:
        """The tokens, with M = size S at the query."""
        state = jnp.pad(tokens_of(contexts), ((0, 0), (0, 0), (0, INPUTS**2)))
        return state.at[:, -1, TOKEN:].set(self.size * self._second(state).reshape(-1, INPUTS**2))

    def step(self, state: State, layer: int) -> State:
        """One step."""
        inverse = state[:, -1, TOKEN:].reshape(-1, INPUTS, INPUTS)
        better = 2 * inverse - jnp.einsum("lij,ljk,lkm->lim", inverse, self._second(state), inverse)
        return state.at[:, -1, TOKEN:].set(better.reshape(-1, INPUTS**2))

    def answer(self, state: State) -> Float[Array, " level"]:
        """M b times query."""
        first = (state[:, :-1, :INPUTS] * state[:, :-1, INPUTS, None]).mean(1)
        inverse = state[:, -1, TOKEN:].reshape(-1, INPUTS, INPUTS)
        return jnp.einsum("li,lij,lj->l", state[:, -1, :INPUTS], inverse, first)

    def _second(self, state: State) -> Float[Array, "level feature feature"]:
        inputs = state[:, :-1, :INPUTS]
        return (inputs[..., :, None] * inputs[..., None, :]).mean(1)


class Marked(AbstractReader):
    """Fits the pairs with a mark by least squares, in one layer, and answers by the weights that it has written at the query."""

    @property
    def layers(self) -> int:
        """Fitting."""
        return 1

    def begin(self, contexts: Contexts) -> State:
        """The tokens, with room for the weights."""
        return jnp.pad(tokens_of(contexts), ((0, 0), (0, 0), (0, INPUTS)))

    def step(self, state: State, layer: int) -> State:
        """The weights, at the query."""
        kept = state[:, :-1, : INPUTS + 1] * state[:, :-1, INPUTS + 1, None]
        weights = jnp.linalg.solve(
            jnp.einsum("lpf,lpg->lfg", kept[..., :INPUTS], kept[..., :INPUTS]) + 1e-6 * jnp.eye(INPUTS),
            jnp.einsum("lpf,lp->lf", kept[..., :INPUTS], kept[..., INPUTS])[..., None],
        )
        return state.at[:, -1, TOKEN:].set(weights[..., 0])

    def answer(self, state: State) -> Float[Array, " level"]:
        """Weights times query."""
        return (state[:, -1, TOKEN:] * state[:, -1, :INPUTS]).sum(-1)
