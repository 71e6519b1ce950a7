"""Policies of which only the answers are known: asked for every cell of every level, they give a policy table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, SupportsIndex

import numpy as np
from jaxtyping import Float, Int

from mesascope.adapters.checks import SURE, actions_of, digest
from mesascope.adapters.steps import Answering, HostSubject
from mesascope.core.actions import how_many
from mesascope.core.errors import MesascopeError, SubjectError, UsageError, said
from mesascope.worlds.world import AbstractWorld

View = Callable[
    [Float[np.ndarray, "query height width channel"], Int[np.ndarray, " query"], Int[np.ndarray, " query"]], object
]


def with_position(
    observation: Float[np.ndarray, "query height width channel"],
    row: Int[np.ndarray, " query"],
    column: Int[np.ndarray, " query"],
) -> Float[np.ndarray, "query height width channel_and_position"]:
    """The level with one channel more: 1 where the agent stands."""
    return _stand(_widened(observation), row, column)


def _widened(observation: np.ndarray) -> np.ndarray:
    return np.concatenate([observation, np.zeros((*observation.shape[:3], 1), np.float32)], -1)


def _stand(widened: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    widened[np.arange(len(row)), row, column, -1] = 1.0
    return widened


def black_box(
    policy: Callable[..., object],
    *,
    actions: Sequence[str] | SupportsIndex | bool | None = None,
    answers: Literal["logits", "actions"] = "logits",
    world: AbstractWorld | None = None,
    view: View = with_position,
    batch: int = 4096,
    weights: Mapping[str, np.ndarray] | None = None,
) -> HostSubject:
    """A black box from a policy that is asked where it stands: `policy(view(levels, rows, columns))`.

    The policy answers a batch of up to `batch` queries, one for each cell of each level: with a row of action logits each, where
    minus infinity is an action that is never taken; or, with `answers="actions"`, with the number of the action it takes, alone
    or with None beside it, as the `predict` of many libraries does for policies without memory. It has to give the same whenever
    it is asked: one that draws its action (`predict` unless told otherwise) is refused. `view` makes what the policy is shown; by
    default the level, channels last, with the agent's position as one more channel. Cells in which nobody can stand are asked
    about too; what is answered there is never used. A policy that depends on what went before cannot be asked this way.
    `weights` are arrays that the answers depend on: an audit of others is another audit.

    Args:
        policy: Answers a batch of queries, each one state.
        actions: Names of its actions, in the order of its answers, which are compared with the world's and put in its order;
            or only how many. The world's unless given, and without a world up, down, left, right. `True` is short for
            `answers="actions"`.
        answers: Whether it answers with logits or with actions.
        world: The world that it is for; its actions are compared at once, and otherwise in an audit.
        view: Makes what the policy is shown from levels, rows and columns.
        batch: Most queries of one call.
        weights: Arrays that its answers depend on, by name.

    Returns:
        A subject without sites.

    Raises:
        SubjectError: The actions are not the world's. When it is asked: it raised, or an answer has another shape than was said.
        UsageError: The arguments are none of those above.

    Example:
        >>> import mesascope as ms
        >>> import numpy as np
        >>> subject = ms.black_box(lambda shown: np.zeros((len(shown), 4)), actions=("left", "right", "up", "down"))
        >>> subject.sites, subject.action_names
        ((), ('left', 'right', 'up', 'down'))
    """
    if batch < 1:
        raise SubjectError(f"batch {batch}: expected a number of queries from 1")
    if isinstance(actions, bool):
        answers, actions = ("actions" if actions else answers), None
    if answers not in ("logits", "actions"):
        raise UsageError(f"answers={answers!r}: expected 'logits' or 'actions'")
    own = actions_of(actions, world)
    rows = {"logits": _logits, "actions": _taken}[answers]

    def answer(observation: np.ndarray) -> np.ndarray:
        levels, height, width = observation.shape[:3]
        level, row, column = (axis.ravel() for axis in np.indices((levels, height, width)))
        table = np.empty((len(level), how_many(own)), np.float32)
        # A level is widened once and then copied whole for each of its cells, several times faster than widening every copy.
        maps, shown_at = (_widened(observation), _stand) if view is with_position else (observation, view)
        for start in range(0, len(level), batch):
            some = slice(start, start + batch)
            shown = shown_at(maps.take(level[some], 0), row[some], column[some])
            table[some] = rows(_asked(policy, shown), len(level[some]), how_many(own))
        return table.reshape(levels, height, width, -1)

    subject = HostSubject(answer, digest((weights or {}).items()), Answering(own))
    return subject if world is None else subject.for_actions(world.actions)


def _asked(policy: Callable[..., object], shown: object) -> object:
    try:
        return policy(shown)
    except MesascopeError:
        raise
    except Exception as error:
        given = (
            f"an array of shape {shown.shape}, {shown.dtype}"
            if isinstance(shown, np.ndarray)
            else f"{type(shown).__name__}"
        )
        raise SubjectError(
            f"the policy failed when it was given {given}: {said(error)}. Expected a function of what `view` makes (an array "
            "unless another view is given): wrap a policy that takes something else, such as "
            "black_box(lambda shown: policy(torch.from_numpy(shown)))"
        ) from error


def _as_array(answered: object) -> np.ndarray:
    """An array, a list of numbers, or a tensor of PyTorch with or without gradients, of any precision and on any device."""
    if not hasattr(answered, "detach"):
        return np.asarray(answered)
    tensor = answered.detach().cpu()
    return np.asarray(tensor.float() if tensor.is_floating_point() else tensor)


def _logits(answered: object, queries: int, actions: int) -> Float[np.ndarray, "query action"]:
    logits = _as_array(answered)
    if logits.shape != (queries, actions):
        raise SubjectError(
            f"the policy answered {queries} queries with shape {logits.shape}; expected {(queries, actions)}, "
            "a row of action logits for each; for a policy with other actions name them, as actions=('left', 'right', "
            "'forward'), and for one that gives the action it takes say answers='actions'"
        )
    return logits.astype(np.float32)


def _taken(answered: object, queries: int, actions: int) -> Float[np.ndarray, "query action"]:
    if isinstance(answered, tuple):
        answered, *beside = answered
        if any(other is not None for other in beside):
            raise SubjectError(
                f"the policy hands back a {type(beside[0]).__name__} beside its actions, as a recurrent one does its memory; "
                "expected one without memory, since each state is asked about by itself. Write an agent with memory as a "
                "subject that is `recurrent` (mesascope.core.subject.AbstractSubject); where it is no memory, leave it out: "
                "black_box(lambda shown: policy(shown)[0], answers='actions')"
            )
    taken = _as_array(answered)
    if taken.size != queries or not np.isin(taken, range(actions)).all():
        raise SubjectError(
            f"the policy answered {queries} queries with actions of shape {taken.shape} among "
            f"{np.unique(taken)[:8].tolist()}; expected one of 0 to {actions - 1} for each"
        )
    return SURE * np.eye(actions, dtype=np.float32)[taken.astype(int).ravel()]
