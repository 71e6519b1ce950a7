"""Policies of which only the answers are known: asked for every cell of every level, they give a policy table."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float, Int

from mesascope.adapters.checks import digest
from mesascope.adapters.steps import HostSubject
from mesascope.core.errors import SubjectError
from mesascope.worlds.grids.grid import ACTIONS

View = Callable[
    [Float[np.ndarray, "query height width channel"], Int[np.ndarray, " query"], Int[np.ndarray, " query"]], object
]
SURE = 20.0
"""Logit of the action that a policy which gives actions took, against 0 for the others: it takes it all but surely."""


def with_position(
    observation: Float[np.ndarray, "query height width channel"],
    row: Int[np.ndarray, " query"],
    column: Int[np.ndarray, " query"],
) -> Float[np.ndarray, "query height width channel_and_position"]:
    """The level with one channel more: 1 where the agent stands."""
    here = np.zeros((*observation.shape[:3], 1), np.float32)
    here[np.arange(len(row)), row, column] = 1.0
    return np.concatenate([observation, here], -1)


def black_box(
    policy: Callable[..., object],
    *,
    view: View = with_position,
    actions: bool = False,
    batch: int = 4096,
    weights: Mapping[str, np.ndarray] | None = None,
) -> HostSubject:
    """A black box from a policy that is asked where it stands: `policy(view(levels, rows, columns))`.

    The policy answers a batch of up to `batch` queries, one for each cell of each level, with a row of four logits each
    (up, down, left, right); with `actions`, with the number of the action it takes, alone or as the first of a tuple, as
    the `predict` of many libraries does. `view` makes what the policy is shown; by default the level, channels last,
    with the agent's position as one more channel. Cells in which nobody can stand are asked about too; what is answered there is
    never used. A policy that depends on what went before cannot be asked this way. `weights` are arrays that the answers
    depend on: an audit of others is another audit.

    Args:
        policy: Answers a batch of queries, each one state.
        view: Makes what the policy is shown from levels, rows and columns.
        actions: Whether it answers with actions and not with logits.
        batch: Most queries of one call.
        weights: Arrays that its answers depend on, by name.

    Returns:
        A subject without sites.

    Raises:
        SubjectError: When it is asked, where an answer has another shape than was said.

    Example:
        >>> import mesascope as ms
        >>> import numpy as np
        >>> subject = ms.black_box(lambda shown: np.zeros((len(shown), 4)))
        >>> subject.sites
        ()
    """
    if batch < 1:
        raise SubjectError(f"batch {batch}: expected a number of queries from 1")

    def answer(observation: np.ndarray) -> np.ndarray:
        levels, height, width = observation.shape[:3]
        level, row, column = (axis.ravel() for axis in np.indices((levels, height, width)))
        answers = []
        for start in range(0, len(level), batch):
            some = slice(start, start + batch)
            shown = view(observation[level[some]], row[some], column[some])
            answers.append(_rows(policy(shown), len(level[some]), actions))
        return np.concatenate(answers).reshape(levels, height, width, len(ACTIONS))

    return HostSubject(answer, digest((weights or {}).items()))


def _rows(answered: object, queries: int, actions: bool) -> Float[np.ndarray, "query action"]:
    if not actions:
        logits = np.asarray(answered, np.float32)
        if logits.shape != (queries, len(ACTIONS)):
            raise SubjectError(
                f"the policy answered {queries} queries with shape {logits.shape}; expected {(queries, len(ACTIONS))}, "
                "a row of action logits for each"
            )
        return logits
    taken = np.asarray(answered[0] if isinstance(answered, tuple) else answered)
    if taken.size != queries or not np.isin(taken, range(len(ACTIONS))).all():
        raise SubjectError(
            f"the policy answered {queries} queries with actions of shape {taken.shape} among "
            f"{np.unique(taken)[:8].tolist()}; expected one of 0 to {len(ACTIONS) - 1} for each"
        )
    return SURE * np.eye(len(ACTIONS), dtype=np.float32)[taken.astype(int).ravel()]
