"""Writing what one run holds of its level into another run of the same organism, through every code that hides it."""

from mesascope.core.subject import AbstractSubject, State
from mesascope.learned.prefix_lm import PrefixLM
from mesascope.learned.thinking import ThinkingNet
from mesascope.organisms.binary import Binary
from mesascope.organisms.compiled import LEVEL_CHANNELS
from mesascope.organisms.disguise import Disguise
from mesascope.organisms.in_readout import InReadout
from mesascope.organisms.scheduled import Scheduled
from mesascope.organisms.transformers.builds import OverTokens

REGISTERS = ("walls", "reward", "blocks", "goal")
"""Sites in which organisms that search hold a level: its walls, and what it is worth to touch what stands there."""


def rewrite_level(subject: AbstractSubject, state: State, donor: State, tick) -> State:
    """The state with the registers of another run's, and everything else, plans included, as it was.

    Args:
        subject: An organism that searches, however hidden.
        state: Its state after `tick` ticks.
        donor: Another run's state after as many.
        tick: How many.

    Returns:
        The state of an organism that thinks it is in the donor's level.
    """
    if isinstance(subject, Disguise):
        inside, noise = subject.decoded(state, tick)
        other, _ = subject.decoded(donor, tick)
        return subject.encoded(rewrite_level(subject.inner, inside, other, tick), noise, tick)
    if isinstance(subject, Binary):
        inside, other = subject.read(state), subject.read(donor)
        return subject.written(rewrite_level(subject.inner, inside, other, tick))
    if isinstance(subject, Scheduled):
        return rewrite_level(subject.inner, state, donor, subject.done[tick])
    if isinstance(subject, InReadout):
        return donor
    if isinstance(subject, OverTokens):
        return rewrite_level(subject.inner, state, donor, tick)
    if isinstance(subject, PrefixLM):
        # What it has embedded is the level and nothing else; no organism of this kind reads longer.
        return donor
    if isinstance(subject, ThinkingNet):
        (site,) = state
        kept = state[site].at[..., :LEVEL_CHANNELS].set(donor[site][..., :LEVEL_CHANNELS])
        return {site: kept}
    return {name: donor[name] if name in REGISTERS else value for name, value in state.items()}
