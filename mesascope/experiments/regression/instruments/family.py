"""Algorithms that a reader is compared with, each written as plainly as it can be.

All work on the context loss L(w) = mean over pairs of (label - w.input)^2 / 2, whose gradient is S w - b with S the mean of
input input^T and b the mean of label input, and all start from w = 0.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.inline_jit import inline_jit
from mesascope.experiments.regression.contexts import Contexts

Answers = Float[Array, " level"]
Parameters = Float[Array, " parameter"]
Weights = Float[Array, "level feature"]
Steps = int | Int[Array, ""]


NEWTON, NEWTON_SCALED = "Newton", "Newton scaled to the context"


class Algorithm(NamedTuple):
    """A way to answer: its parameters at the start of the fit, and the answers they give.

    `iterates` says whether it goes from candidate to candidate, improving the context loss: true of a search with `steps`
    of at least 2. A single step from 0 weighs labels by inputs' products with the query, as a kernel smoother does.
    """

    name: str
    group: str
    steps: int | None
    start: tuple[float, ...]
    answers: Callable[[Parameters, Steps, Contexts], Answers]

    @property
    def iterates(self) -> bool:
        """Whether it goes through more than one candidate."""
        return self.steps is not None and self.steps > 1


def moments(contexts: Contexts) -> tuple[Float[Array, "level feature feature"], Weights]:
    """S and b of each context."""
    pairs = contexts.labels.shape[1]
    second = jnp.einsum("lpf,lpg->lfg", contexts.inputs, contexts.inputs) / pairs
    return second, jnp.einsum("lpf,lp->lf", contexts.inputs, contexts.labels) / pairs


def _answered(weights: Weights, contexts: Contexts) -> Answers:
    return (weights * contexts.query).sum(-1)


FREE_STEPS = 4
"""Up to so many steps of descent may overshoot, as what is compared with them may."""

SAFE = 1.99
"""Steps below this over the largest eigenvalue of S (descent), or over its square (Newton), converge."""


def largest(second: Float[Array, "level feature feature"]) -> Float[Array, " level"]:
    """An upper bound of the largest eigenvalue of each S, with eight inputs at most 3.3 % above it: (trace S^64)^(1/64)."""
    size = jnp.maximum(jnp.trace(second, axis1=1, axis2=2), 1e-12)
    power, logarithm = second / size[:, None, None], jnp.log(size)
    for _ in range(6):
        power = power @ power
        size = jnp.maximum(jnp.trace(power, axis1=1, axis2=2), 1e-30)
        power, logarithm = power / size[:, None, None], 2 * logarithm + jnp.log(size)
    return jnp.exp(logarithm / 64)


def newton_size(
    second: Float[Array, "level feature feature"], size: float | Array, scaled: bool = False
) -> Float[Array, "level 1 1"]:
    """How large M starts, in units of S: `size`, or with `scaled` `size` over the square of the largest eigenvalue of S. No
    larger than what converges, on each context by itself.
    """
    unit = (1 / largest(second) ** 2)[:, None, None]
    return jnp.minimum(size * unit if scaled else jnp.broadcast_to(size, unit.shape), SAFE * unit)


@inline_jit()
def descent_weights(contexts: Contexts, rate: float | Array, steps: Steps) -> Weights:
    """W <- w - rate (S w - b), so many times. Many steps have no larger rate than what converges, on each context by itself."""
    second, first = moments(contexts)
    rate = jnp.where(steps > FREE_STEPS, jnp.minimum(rate, SAFE / largest(second))[:, None], rate)

    def step(_, weights: Weights) -> Weights:
        return weights - rate * (jnp.einsum("lfg,lg->lf", second, weights) - first)

    return jax.lax.fori_loop(0, steps, step, jnp.zeros_like(first))


def descent_tokens(
    state: Float[Array, "level token channel"], rate: float | Array, shrink: float | Array
) -> Float[Array, "level token channel"]:
    """One step of preconditioned descent on tokens of input and what is left of the label; shrink 0 is plain descent.

    Labels lose what the step explains, inputs (and the query) become x - shrink S x, which speeds up later steps as a
    preconditioner does (GD++ of von Oswald et al. 2212.07677, section 3).
    """
    context = state[:, :-1]
    alike = jnp.einsum("ltf,lpf->ltp", state[..., :-1], context[..., :-1]) / context.shape[1]
    less = jnp.einsum("ltp,lp->lt", alike, context[..., -1])
    moved = jnp.einsum("ltp,lpf->ltf", alike, context[..., :-1])
    return state - jnp.concatenate([shrink * moved, rate * less[..., None]], -1)


def first_tokens(contexts: Contexts) -> Float[Array, "level token channel"]:
    """Inputs and labels, the query last with label 0."""
    inputs = jnp.concatenate([contexts.inputs, contexts.query[:, None]], 1)
    return jnp.concatenate([inputs, jnp.pad(contexts.labels, ((0, 0), (0, 1)))[..., None]], -1)


def token_steps(
    contexts: Contexts, rates: Float[Array, " step"], shrinks: Float[Array, " step"]
) -> list[Float[Array, "level token channel"]]:
    """Tokens before the first step of preconditioned descent and after each."""
    found = [first_tokens(contexts)]
    for rate, shrink in zip(rates, shrinks, strict=True):
        found.append(descent_tokens(found[-1], rate, shrink))
    return found


@inline_jit("scaled")
def newton_weights(contexts: Contexts, size: float | Array, steps: Steps, scaled: bool = False) -> Weights:
    """M <- 2 M - M S M from M = `newton_size` S, so many times, then w = M b (Schulz 1933; as in Fu et al. 2310.17086)."""
    second, first = moments(contexts)
    start = newton_size(second, size, scaled) * second
    inverse = jax.lax.fori_loop(0, steps, lambda _, m: 2 * m - m @ second @ m, start)
    return jnp.einsum("lfg,lg->lf", inverse, first)


@inline_jit()
def conjugate_weights(contexts: Contexts, steps: Steps) -> Weights:
    """Conjugate gradients on S w = b from 0, so many steps (Hestenes and Stiefel 1952)."""
    second, first = moments(contexts)

    def step(_, carry: tuple[Weights, Weights, Weights]) -> tuple[Weights, Weights, Weights]:
        weights, left, direction = carry
        ahead = jnp.einsum("lfg,lg->lf", second, direction)
        far = (left**2).sum(-1, keepdims=True)
        size = far / jnp.maximum((direction * ahead).sum(-1, keepdims=True), 1e-12)
        remains = left - size * ahead
        again = remains + direction * (remains**2).sum(-1, keepdims=True) / jnp.maximum(far, 1e-12)
        return weights + size * direction, remains, again

    return jax.lax.fori_loop(0, steps, step, (jnp.zeros_like(first), first, first))[0]


@inline_jit()
def ridge_weights(contexts: Contexts, penalty: float | Array) -> Weights:
    """The minimum of the context loss plus penalty |w|^2 / 2."""
    second, first = moments(contexts)
    return jnp.linalg.solve(second + penalty * jnp.eye(second.shape[-1]), first[..., None])[..., 0]


@inline_jit()
def smoothed(contexts: Contexts, sharpness: float | Array) -> Answers:
    """Labels averaged with weights exp(-sharpness |input - query|^2) (Nadaraya 1964, Watson 1964)."""
    return (jax.nn.softmax(-sharpness * _apart(contexts), -1) * contexts.labels).sum(-1)


@inline_jit("neighbors")
def nearest(contexts: Contexts, neighbors: int) -> Answers:
    """The mean label of the inputs nearest to the query."""
    order = jnp.argsort(_apart(contexts), -1)[:, :neighbors]
    return jnp.take_along_axis(contexts.labels, order, 1).mean(-1)


@inline_jit()
def remembered(contexts: Contexts, pool: Float[Array, "task feature"], precision: float | Array) -> Answers:
    """The mean answer of known tasks, weighed by exp(-precision/2 sum of squared errors on the context): Bayes with the
    tasks as prior (Raventos et al. 2306.15063).
    """
    errors = contexts.labels[:, None] - jnp.einsum("tf,lpf->ltp", pool, contexts.inputs)
    belief = jax.nn.softmax(-0.5 * precision * (errors**2).sum(-1), -1)
    return jnp.einsum("lt,tf,lf->l", belief, pool, contexts.query)


def _apart(contexts: Contexts) -> Float[Array, "level pair"]:
    return ((contexts.inputs - contexts.query[:, None]) ** 2).sum(-1)


STEPS, MORE, MORE_NEWTON = 4, (8, 16, 32), (6, 8, 12)
"""All numbers of steps up to the first; and further ones of gradient descent and of Newton's iteration, both of which
may reach in
many steps what other algorithms do in a few.
"""


def whole_family(pool: Float[Array, "task feature"] | None) -> list[Algorithm]:
    """All algorithms with all numbers of steps that a reader is compared with."""
    return [*family(pool, STEPS), *descents(MORE), *newtons(MORE_NEWTON)]


def family(pool: Float[Array, "task feature"] | None, most: int) -> list[Algorithm]:
    """All algorithms, with up to `most` steps where they take steps; remembered tasks only where there is a pool."""
    found = []
    for k in range(1, most + 1):
        found += descents((k,))
        if k > 1:
            name = f"preconditioned descent, {_steps(k)}"
            found.append(Algorithm(name, "preconditioned descent", k, _start(k), _preconditioned))
        found += newtons((k,))
        found.append(Algorithm(f"conjugate gradients, {_steps(k)}", "conjugate gradients", k, (), _conjugate))
    found.append(Algorithm("ridge", "ridge", None, (-3.0,), _ridge))
    found.append(Algorithm("kernel smoother", "kernel smoother", None, (0.0, 1.0), _smoother))
    for k in (1, 3, 8):
        found.append(Algorithm(f"nearest {k}", "nearest", None, (1.0,), eqx.Partial(_nearest, k)))
    if pool is not None:
        known = eqx.Partial(_remembered, jnp.asarray(pool))
        found.append(Algorithm("remembered tasks", "remembered tasks", None, (0.0,), known))
    return found


def descents(steps: Sequence[int]) -> list[Algorithm]:
    """Plain gradient descent with each of so many steps."""
    return [Algorithm(f"gradient descent, {_steps(k)}", "gradient descent", k, (1.0,), _descent) for k in steps]


def newtons(steps: Sequence[int]) -> list[Algorithm]:
    """Newton's iteration with each of so many steps, started alike on all contexts or by the size of each."""
    alike = [Algorithm(f"{NEWTON}, {_steps(k)}", NEWTON, k, (0.5,), _newton) for k in steps]
    return alike + [Algorithm(f"{NEWTON_SCALED}, {_steps(k)}", NEWTON, k, (1.0,), _newton_scaled) for k in steps]


def _steps(k: int) -> str:
    return "1 step" if k == 1 else f"{k} steps"


def _start(k: int) -> tuple[float, ...]:
    """Rates that rise, as those of good schedules here do, and no shrinking."""
    return (*(1.0 + i for i in range(k)), *(0.0,) * k)


def _descent(p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    return _answered(descent_weights(contexts, p[0], steps), contexts)


def _preconditioned(p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    half = p.shape[0] // 2
    return -token_steps(contexts, p[:half], p[half:])[-1][:, -1, -1]


def _newton(p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    return _answered(newton_weights(contexts, p[0], steps), contexts)


def _newton_scaled(p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    return _answered(newton_weights(contexts, p[0], steps, True), contexts)


def _conjugate(p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    return _answered(conjugate_weights(contexts, steps), contexts)


def _ridge(p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    return _answered(ridge_weights(contexts, jnp.exp(p[0])), contexts)


def _smoother(p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    return p[1] * smoothed(contexts, jnp.exp(p[0]))


def _nearest(neighbors: int, p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    return p[0] * nearest(contexts, neighbors)


def _remembered(pool: Float[Array, "task feature"], p: Parameters, steps: Steps, contexts: Contexts) -> Answers:
    return remembered(contexts, pool, jnp.exp(p[0]))
