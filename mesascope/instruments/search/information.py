"""How many bits a subject's answers tell about the right ones, beyond what a cell's surroundings give away."""

import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Bool, Float, Int

LAPSE = 0.01
"""Chance given to every answer being an accident, so that one confident mistake does not cost everything."""

FITTED_ON = 20_000
"""Answers on which the two exponents are chosen."""

EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
"""Exponents tried in mixing the subject's answer with what its surroundings say."""

PRIOR = 2.0
"""Weight, in answers, of the coarser context in predicting from the finer one."""


class Answers(NamedTuple):
    """A block of levels: the subject's policy, the one optimal action of each cell that counts, and what may predict it.

    `coarse` and `fine` number the contexts of a cell; the number of actions stands for an answer that is not one action alone.
    `composed` are log probabilities by a composition of heuristics, and `agrees` says which of them would do what the subject
    does.
    """

    policy: Float[Array | np.ndarray, "level state action"]
    answer: Int[Array | np.ndarray, "level state"]
    coarse: Int[Array | np.ndarray, "level state"]
    fine: Int[Array | np.ndarray, "level state"]
    counts: Bool[Array | np.ndarray, "level state"]
    composed: Float[Array | np.ndarray, "level state action"]
    agrees: Bool[Array | np.ndarray, "level state heuristic"]


def perfect_answers(answers: Answers) -> Answers:
    """The same levels with the right answers."""
    actions = answers.policy.shape[-1]
    return answers._replace(
        policy=np.eye(actions, dtype=np.float32)[np.minimum(np.asarray(answers.answer), actions - 1)]
    )


def bits_per_level(blocks: list[Answers]) -> Float[np.ndarray, " level"]:
    """log2 r(answer) - log2 q(answer), summed over the cells of each level: what the subject adds to its surroundings.

    q predicts a state's answer from its surroundings as the world tells them, the answers of states beside it that come before,
    and (the finer context) the answer before the edit: from counts over all other answers of the same context, the finer ones
    smoothed by the coarser, mixed with what a composition of heuristics says. r is proportional to q^a p^b, p the subject's own
    policy, with the two exponents that do best; q is mixed in the same way. Since answers of neighbors are given to both, what is
    counted are decisions and not cells: the sum estimates the information that the subject holds on whole levels,
    I(answers; subject | surroundings, heuristics).
    """
    policy, answer, coarse, fine, counts, composed = (
        np.concatenate(column) for column in list(zip(*blocks, strict=True))[:6]
    )
    level = np.broadcast_to(np.arange(len(counts))[:, None], counts.shape)[counts]
    policy, answer, coarse, fine = policy[counts], answer[counts], coarse[counts], fine[counts]
    known = composed[counts].astype(np.float32) / np.float32(np.log(2.0))
    row = np.arange(len(answer))
    actions = policy.shape[-1]
    rough = _left_out(coarse, answer, np.full((len(answer), actions), 1 / actions), 1.0)
    q = np.log2(_left_out(fine, answer, rough, PRIOR)).astype(np.float32)
    p = np.log2((1 - LAPSE) * policy + LAPSE / actions).astype(np.float32)
    few = slice(FITTED_ON)

    def best(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
        return max(
            itertools.product(EXPONENTS, EXPONENTS),
            key=lambda pair: _mixed(first[few], second[few], *pair)[row[few], answer[few]].sum(),
        )

    q = _mixed(q, known, *best(q, known))
    gain = _mixed(q, p, *best(q, p))[row, answer] - q[row, answer]
    return np.bincount(level, gain, minlength=len(counts)).astype(float)  # of nothing it counts whole numbers


def _mixed(
    q: Float[np.ndarray, "cell action"], p: Float[np.ndarray, "cell action"], a: float, b: float
) -> Float[np.ndarray, "cell action"]:
    """Base-2 logarithm of q^a p^b, normalized."""
    both = a * q + b * p
    top = both.max(1, keepdims=True)
    return both - top - np.log2(np.exp2(both - top).sum(1, keepdims=True))


def _left_out(
    context: Int[np.ndarray, " cell"],
    answer: Int[np.ndarray, " cell"],
    prior: Float[np.ndarray, "cell action"],
    strength: float,
) -> Float[np.ndarray, "cell action"]:
    """Predictive distribution of each answer from all the other answers of its context."""
    actions = prior.shape[-1]
    size = actions * (int(context.max(initial=0)) + 1)
    table = np.bincount(context * actions + answer, minlength=size).reshape(-1, actions)
    others = table[context].astype(float)
    others[np.arange(len(answer)), answer] -= 1
    return (others + strength * prior) / (others.sum(1, keepdims=True) + strength)
