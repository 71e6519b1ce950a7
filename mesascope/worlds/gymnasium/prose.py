"""The card of an environment in words: the docstring that its world carries."""

from typing import Any

from mesascope.worlds.gymnasium.exact import has_table
from mesascope.worlds.gymnasium.observations import left_out
from mesascope.worlds.gymnasium.played import PlayedWorld
from mesascope.worlds.gymnasium.pool import Pool
from mesascope.worlds.gymnasium.world import GymnasiumWorld


def describe_environment(name: str, environment: Any, pool: Pool, outcomes: int) -> str:
    """The docstring of the world of an environment, with the sections that every card has."""
    if has_table(environment):
        states = "States are those of the environment's own table, by its numbers; a last one is added where an episode ends "
        states += "in a state from which the table goes on."
    else:
        states = (
            "States are those that can be reached from a reset, found by trying every action; the last is the end of "
        )
        states += "the episode."
    if outcomes > 1:
        states += f" Steps are random: their probabilities are frequencies of {outcomes} samples."
    texts = left_out(environment.observation_space)
    if texts and pool.observation is not None:
        states += f" What is shown leaves out the text of {' and '.join(texts)}."
    counts = [len(members) for members in pool.members.values()]
    made = f"{counts[0]} training level{'s' * (counts[0] != 1)}, {sum(counts)} over all {len(counts)} distributions"
    configuration = (GymnasiumWorld.__doc__ or "").partition("**Configuration.**")[2]
    return f"""{name} of Gymnasium, as tables of its states.

    **Description.** The environment `{name}`; {made}.
    **States and actions.** {states}
    **Features.** Functions of a transition that were named when the world was made.
    **Episode end.** Where the environment says that it terminates. Time limits are left out, and rewards that depend on the
    number of steps are those of the first step.
    **Return.** Discounted from the first step on.
    **Intended goal and base objective.** As they were given; the environment's reward unless others were.
    **Proxies.** Whatever fires together with what is wanted in the levels that were made.

    **Configuration.**{configuration}
    **Version history.** 1: first.
    """


def describe_played(name: str, environment: Any) -> str:
    """The docstring of the world of an environment that is played in and not tabulated."""
    texts = left_out(environment.observation_space)
    shown = f" What is shown leaves out the text of {' and '.join(texts)}." if texts else ""
    configuration = (PlayedWorld.__doc__ or "").partition("**Configuration.**")[2]
    return f"""{name} of Gymnasium, played in episodes.

    **Description.** The environment `{name}`, as it is. It has no tables: what is measured comes from episodes.
    **States and actions.** The environment's own. A level is a reset with a seed.{shown}
    **Features.** Functions of a transition that were named when the world was made.
    **Episode end.** Where the environment says that it terminates; it is cut at its time limit.
    **Return.** Discounted from the first step on.
    **Intended goal and base objective.** As they were given; the environment's reward unless others were.
    **Proxies.** Whatever fires together with what is wanted.

    **Configuration.**{configuration}
    **Version history.** 1: first.
    """
