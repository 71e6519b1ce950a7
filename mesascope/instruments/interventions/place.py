"""Where and when an edit is written into a subject's state."""

from typing import NamedTuple


class Place(NamedTuple):
    """Where edits are written.

    Args:
        sites: names of the sites.
        first: state that is written first: that after so many ticks, in an episode after so many since its beginning.
        radius: cells around a change that are written with it.
        sustained: whether everything later is written as well.
    """

    sites: tuple[str, ...]
    first: int
    radius: int
    sustained: bool

    def __str__(self) -> str:
        how = "sustained from" if self.sustained else "once in"
        return f"{'+'.join(self.sites)} {how} state {self.first}, radius {self.radius}"


RADII = (0, 1, 2)
"""Radii of patches that are tried."""

SPREAD = 0.001
"""From this share of the squared difference between donor and base outside of the patch on, the computation has gone on from
what is rewritten: the edit is none of the input in disguise."""

SIMPLER_WITHIN = 0.02
"""Of places that score this close to the best on the first half, the simplest is taken."""


class Tried(NamedTuple):
    """A place that may be edited, and what was found there on the first half of the trials.

    `share` of the occasions followed the edit, `spread` of the squared difference between donor and base lay outside of the
    patch, `nonlinear` of the sites is no linear function of the input around each cell.
    """

    place: Place
    share: float
    spread: float
    nonlinear: float = float("nan")

    @property
    def complexity(self) -> tuple[bool, bool, int, int, int]:
        """Least where the computation has gone on from what is rewritten; once before sustained; fewest sites, the smallest
        patch, the latest state: the farther from the input, the more it shows.
        """
        place = self.place
        return self.spread < SPREAD, place.sustained, len(place.sites), place.radius, -place.first


def choose(tried: tuple[Tried, ...], once_suffices: float | None = None) -> Tried | None:
    """The simplest of the places that score close to the best.

    Sustained edits are left aside where one written once is followed at least `once_suffices` times as often as the best of
    all.
    """
    if not tried:
        return None
    most = max(at.share for at in tried)
    once = [at for at in tried if once_suffices and not at.place.sustained and at.share >= once_suffices * most]
    best = max(at.share for at in once or tried)
    return min((at for at in once or tried if at.share >= best - SIMPLER_WITHIN), key=lambda at: at.complexity)
