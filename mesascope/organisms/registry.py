"""All organisms by name, and how to build one from text. What is true of each stands in `labels`."""

from collections.abc import Sequence

from mesascope.core.errors import UsageError
from mesascope.core.subject import AbstractSubject
from mesascope.organisms.disguise import CODES, disguised
from mesascope.organisms.edits import LEVEL_BUDGET
from mesascope.organisms.in_readout import COMPUTES, InReadout
from mesascope.organisms.labels import COUNTS_TICKS, DEFAULT_OBJECTIVE, MEMORIES, ORGANISMS, SETTINGS, Organism
from mesascope.organisms.ordered_planner import ORDERS
from mesascope.organisms.organism_spec import OrganismSpec, enough_ticks
from mesascope.organisms.padding import padded
from mesascope.organisms.recipes import RECIPES
from mesascope.organisms.scheduled import SCHEDULES, scheduled
from mesascope.organisms.search_builders import ANSWERS, SEARCHING
from mesascope.organisms.switched import HOW
from mesascope.organisms.table_builders import DICE, NOT_SEARCHING, PARTS, STORES, WAKES, WHEN
from mesascope.organisms.transformers.designs import DESIGNS, build_over_tokens
from mesascope.organisms.transformers.recipes import TOKEN_RECIPES
from mesascope.organisms.walkers import WALKS, walking
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

__all__ = [
    "DEFAULT_OBJECTIVE",
    "MEMORIES",
    "ORGANISMS",
    "SETTINGS",
    "Organism",
    "build_organism",
    "check_organism",
    "enough_ticks",
]

_BUILDERS = {**SEARCHING, **NOT_SEARCHING}
_CHOICES = {
    "first": PARTS,
    "second": PARTS,
    "how": HOW,
    "schedule": SCHEDULES,
    "computes": COMPUTES,
    "memory": MEMORIES,
    "answer": ANSWERS,
    "order": ORDERS,
    "code": CODES,
    "stores": STORES,
    "when": WHEN,
    "wakes": WAKES,
    "dice": DICE,
}


def build_organism(
    text: str, world: AbstractWorld, stored_levels: Sequence[AbstractLevels] = (), level_budget: int = LEVEL_BUDGET
) -> AbstractSubject:
    """Build an organism from text such as `planner,objective=red,memory=recall` or `walking-planner,pace=4,sees=1`.

    `SETTINGS` says what each key means. The table organisms store the levels in `stored_levels` (batches of any sizes, the most
    important first) with their input-level counterfactuals, as many as `level_budget` allows. Raises `UsageError` naming
    the nearest valid name, key or value.

    Args:
        text: Its name and settings.
        world: The world it is built for.
        stored_levels: Levels that table organisms store.
        level_budget: Bound on what they store, in levels x cells x side.

    Returns:
        The organism.

    Raises:
        UsageError: A name, key or value that does not exist; the message names the nearest.

    Example:
        >>> import mesascope as ms
        >>> planner = ms.build_organism("planner,objective=red,ticks=9", ms.worlds.red_doors(size=5))
        >>> planner.ticks
        9
    """
    setting = OrganismSpec(text, world, stored_levels, level_budget)
    _check_choices(setting)
    build = ORGANISMS[setting.name].build
    if build is not None:
        return build(setting)
    recipes = RECIPES | TOKEN_RECIPES
    if setting.name in recipes:
        recipe = recipes[setting.name](setting.whole("seed", 0))
        return padded(build_organism(recipe.text, world, stored_levels, level_budget))
    if setting.name in DESIGNS:
        return build_over_tokens(setting, lambda inner: build_organism(inner, world, stored_levels, level_budget))
    inner = _BUILDERS[setting.inner](setting)
    if setting.choice("computes", COMPUTES) == "readout":
        inner = InReadout(inner, 1 + len(world.features))
    inner = scheduled(inner, setting.choice("schedule", SCHEDULES), setting.rng(3), setting.whole("span", 0))
    code = setting.choice("code", CODES)
    noise, width, inputs = setting.whole("noise", 0), setting.whole("width", 0), 1 + len(world.features)
    subject = disguised(inner, code, noise, inputs, setting.rng(0), width)
    if not ORGANISMS[setting.name].recurrent:
        return subject
    walks = setting.choice("walks", _walks(setting))
    pace = setting.whole("pace", _PACE if walks == "spread" else subject.ticks)
    return walking(subject, walks, pace, setting.whole("sees", 1), inputs)


def check_organism(text: str, world: AbstractWorld) -> str:
    """The organism's name where `build_organism` would take the text; raises what that would. Builds nothing."""
    setting = OrganismSpec(text, world)
    _check_choices(setting)
    return setting.name


_PACE = 4
"""Ticks in each step of an organism whose ticks are spread over an episode, unless it was said."""


def _walks(setting: OrganismSpec) -> tuple[str, ...]:
    """What an organism may keep from step to step, the default first."""
    counts = setting.inner in COUNTS_TICKS or setting.given.get("code") == "unshared"
    return tuple(walks for walks in WALKS if walks != "spread" or not counts)


def _check_choices(setting: OrganismSpec) -> None:
    setting.choice("design", DESIGNS.get(setting.name, ("",)))
    for key, choices in _CHOICES.items():
        setting.choice(key, choices)
    walks = setting.choice("walks", _walks(setting))
    if walks == "replans" and "pace" in setting.given:
        raise UsageError(
            f"organism '{setting.name}': one that replans takes all its ticks at each step; leave pace out, or give walks="
        )
    endless = "walks" in ORGANISMS[setting.name].keys and walks == "spread" and setting.inner != "readout-planner"
    if "ticks" in setting.given and endless:
        raise UsageError(
            f"organism '{setting.name}': with walks=spread it never stops thinking; give pace, ticks at each step, and no ticks"
        )
