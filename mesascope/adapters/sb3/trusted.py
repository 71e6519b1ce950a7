"""Files that somebody trusts: Stable-Baselines3 unpickles them, which runs whatever code they hold."""

from pathlib import Path
from typing import Any, NamedTuple

from mesascope.adapters.sb3.libraries import import_library
from mesascope.core.errors import AgentFileError, said


class Described(NamedTuple):
    """What a file says of a policy.

    Attributes:
        policy_class: The class of Stable-Baselines3.
        options: Its keyword arguments.
        observation_space: What it observes.
        action_space: Its actions.
    """

    policy_class: Any
    options: dict[str, Any]
    observation_space: Any
    action_space: Any


def unpickled(path: Path) -> Described:
    """What a file says, as Stable-Baselines3 itself reads it. Only for files that whoever asks trusts.

    Args:
        path: The file.

    Returns:
        The description.

    Raises:
        AgentFileError: Stable-Baselines3 cannot read it.
    """
    save_util = import_library("stable_baselines3.common.save_util")
    try:
        data = save_util.load_from_zip_file(path, device="cpu")[0]
        parts = ("policy_class", "policy_kwargs", "observation_space", "action_space")
        return Described(*(data[name] for name in parts))
    except Exception as error:  # the code of the file may raise anything
        raise AgentFileError(f"{path}: Stable-Baselines3 cannot read it: {said(error)}") from error
