"""What the organisms over tokens may be: written by hand into a transformer's weights, or another organism under its tokens."""

from collections.abc import Callable

from mesascope.core.subject import AbstractSubject
from mesascope.organisms.organism_spec import OrganismSpec
from mesascope.organisms.transformers.builds import RANDOM, OverTokens, random_transformer, written
from mesascope.organisms.transformers.imitating import IMITATIONS
from mesascope.organisms.transformers.searching import SEARCHES
from mesascope.worlds.grids.vocabulary import SHAPES

SEARCHER, IMITATOR = "token-searcher", "token-imitator"

_LONG = "ticks=40"

UNDER: dict[str, dict[str, str]] = {
    SEARCHER: {
        "planner": f"{_LONG},answer=exact",
        "distance-planner": _LONG,
        "soft-planner": _LONG,
        "policy-planner": _LONG,
        "ordered-planner": "ticks=64,order=random",
        "broadcast-planner": _LONG,
        "doubling": "",
    },
    IMITATOR: {
        "lookup": "",
        "staged-lookup": _LONG,
        "goal-register": "",
        "map-register": "",
        "both-register": "",
        "serial-number": "",
        "dormant-planner": _LONG,
        "nearest-table": "",
        "route-table": "",
        "window-table": "",
        "momentum": "",
    },
}
"""Organisms that may be put under tokens, with settings of their own."""

DESIGNS: dict[str, tuple[str, ...]] = {
    SEARCHER: (*SEARCHES, *UNDER[SEARCHER]),
    IMITATOR: (*IMITATIONS, RANDOM, *UNDER[IMITATOR]),
}
"""Designs of each organism over tokens, by name."""

CODES = ("mixed", "plain")
"""Of what is written into weights: channels mixed by a random rotation, or as they are."""


def build_over_tokens(s: OrganismSpec, build: Callable[[str], AbstractSubject]) -> AbstractSubject:
    """Build an organism over tokens.

    Args:
        s: Its settings.
        build: Builds another organism from its text, in the same world and with the same stored levels.

    Returns:
        The organism: a `PrefixLM`, or another organism whose maps are the residuals of tokens.

    Raises:
        UsageError: A setting that there is not.
    """
    design, noise = s.choice("design", DESIGNS[s.name]), s.whole("noise", 0)
    if design in UNDER[s.name]:
        own = [f"{key}={s.given[key]}" for key in ("objective", "code", "noise", "seed") if key in s.given]
        return OverTokens(build(",".join([design, *filter(None, [UNDER[s.name][design]]), *own])))
    if design == RANDOM:
        return random_transformer(1 + len(s.world.features), s.rng(1))
    mixed = s.choice("code", CODES) == "mixed"
    return written(design, s.weights, len(SHAPES), s.rng(1), mixed=mixed, noise=noise > 0)
