"""`sb3:FILE[,view=...,actions=.../...]`: the reference by which an agent of Stable-Baselines3 is named."""

from collections.abc import Sequence
from typing import Any

from mesascope.adapters.references import REPORTED, names_in, parse_reference, reported_return, yes_or_no
from mesascope.adapters.sb3.agent import SB3Agent, load_sb3
from mesascope.adapters.sb3.observations import read_normalization

OPTIONS = ("view", "actions", "observe", "deterministic", "normalize", "unpickle", *REPORTED)
"""`view`, `actions` (names apart by slashes, in the agent's order), `observe` (a function that makes what it observes),
`deterministic`, `normalize` (a file of `VecNormalize`), `unpickle`; and the return that its owner reports.
"""


def load_reference(reference: str, actions: Sequence[str] | None = None, **options: Any) -> SB3Agent:
    """The agent that a reference names.

    Args:
        reference: `sb3:FILE`, with options apart by commas.
        actions: Names of its actions in its order, in place of those in the reference.
        options: What else `load_sb3` takes, in place of what the reference says.

    Returns:
        The agent.

    Raises:
        UsageError: An option that there is not.
        AgentFileError: As `load_sb3`.

    Example:
        >>> agent = load_reference("sb3:agent.zip,view=full,actions=up/down/left/right")  # doctest: +SKIP
    """
    path, given = parse_reference(reference, OPTIONS)
    said: dict[str, Any] = {
        name: yes_or_no(name, given[name]) for name in ("deterministic", "unpickle") if name in given
    }
    if "normalize" in given:
        said["normalization"] = read_normalization(given["normalize"])
    if (reported := reported_return(given)) is not None:
        said["reported"] = reported
    said |= {name: given[name] for name in ("view", "observe") if name in given}
    if actions is not None or "actions" in given:
        said["actions"] = names_in(given["actions"]) if actions is None else tuple(actions)
    return load_sb3(path, **(said | options))
