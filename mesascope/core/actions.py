"""Actions of a subject beside those of a world, and what may stand in a row of action logits."""

from collections.abc import Sequence
from operator import index as as_index
from typing import SupportsIndex

import numpy as np
from jaxtyping import Bool, Float

from mesascope.core.errors import SubjectError, UsageError

Actions = tuple[str, ...] | int
"""Names of actions in the order of an agent's answers, or only how many there are."""


def checked_actions(actions: object) -> Actions:
    """Names of actions, or how many there are.

    Args:
        actions: At least one name, each another; or a number from 1 on.

    Returns:
        The names as a tuple, or the number.

    Raises:
        UsageError: They are neither.

    Example:
        >>> checked_actions(["left", "right", "forward"]), checked_actions(3)
        (('left', 'right', 'forward'), 3)
    """
    if isinstance(actions, SupportsIndex):
        if not isinstance(actions, bool) and as_index(actions) > 0:
            return as_index(actions)
    elif not isinstance(actions, str) and isinstance(actions, Sequence):
        names = tuple(actions)
        if names and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return names
    raise UsageError(
        f"actions={actions!r}: expected names, each once, in the order of the agent's answers, such as "
        "actions=('left', 'right', 'forward'), or how many there are"
    )


def how_many(actions: Actions) -> int:
    """Number of actions."""
    return actions if isinstance(actions, int) else len(actions)


def order_of(own: Actions, actions: tuple[str, ...]) -> tuple[int, ...]:
    """Where each action of a world stands among those of an agent.

    Args:
        own: The agent's actions. Where only their number is known, they are taken to be the world's, in its order.
        actions: Names of the world's actions.

    Returns:
        For each of the world's actions, its number among the agent's.

    Raises:
        SubjectError: They are not the same names, or not as many.

    Example:
        >>> order_of(("left", "right", "forward"), ("forward", "left", "right"))
        (2, 0, 1)
    """
    if isinstance(own, int) and own == len(actions):
        return tuple(range(own))
    if isinstance(own, int) or set(own) != set(actions):
        has = f"{own} actions" if isinstance(own, int) else f"the actions {', '.join(own)}"
        raise SubjectError(
            f"the agent answers with {has}; the world has {', '.join(actions)}: expected the same actions, in any order. "
            "Choose a world with the agent's actions, or say which of the world's they are, such as "
            f"actions={actions!r}, in the order of the agent's answers"
        )
    return tuple(own.index(name) for name in actions)


def flaw_of_logits(
    logits: Float[np.ndarray, "*place action"], needed: Bool[np.ndarray, "*place"] | None = None
) -> tuple[tuple[int, ...], str] | None:
    """What keeps rows of action logits from being a policy.

    Minus infinity means that an action is never taken, as masks have it; one action of a row has to be left. NaN and plus
    infinity mean nothing.

    Args:
        logits: Action preferences, an action last.
        needed: Rows in which an agent has to act. A row outside of them may forbid every action. Unless given, nobody knows where
            an agent can be, and one row of each level (the first axis) has to allow one.

    Returns:
        The first flawed row and what is wrong with it; None for a policy.

    Example:
        >>> import numpy as np
        >>> flaw_of_logits(np.array([[0.0, -np.inf], [-np.inf, -np.inf]]))
        ((1,), 'every action is forbidden: all logits are minus infinity')
    """
    wrong = np.isnan(logits) | np.isposinf(logits)
    if wrong.any():
        *row, action = (int(i) for i in np.argwhere(wrong)[0])
        found = "NaN" if np.isnan(logits[(*row, action)]) else "plus infinity"
        return tuple(
            row
        ), f"action {action} has {found}, and a logit is a number or, for an action never taken, minus infinity"
    nothing = np.asarray(np.isneginf(logits).all(-1))
    if needed is None:
        of_level = nothing.reshape(len(logits), -1).all(1)
        needed = np.broadcast_to(of_level.reshape(-1, *[1] * (logits.ndim - 2)), logits.shape[:-1])
    left = np.argwhere(nothing & needed)
    return (
        (tuple(int(i) for i in left[0]), "every action is forbidden: all logits are minus infinity")
        if len(left)
        else None
    )
