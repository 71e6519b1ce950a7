"""Does it search? Rewrite its goal inside, bar options inside, and both, in contexts that it never met."""

from collections.abc import Iterable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.experiments.savanna.ecology import Ecology, draw_contexts
from mesascope.experiments.savanna.genomes import unit, wanted
from mesascope.experiments.savanna.individual import Edit, Individual, choices
from mesascope.instruments.interventions.counts import Count, measure, normalized
from mesascope.instruments.interventions.place import Place, Tried
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.thresholds import EXPERIMENT
from mesascope.instruments.search.verdict import SearchVerdict, Verdict

CONTEXTS, GOALS = 512, 8
"""Virtual contexts of each half, and how many other goals are written in turn."""

SITES = ("values", "reflexes")


ASKS = {
    "retarget": "Another goal is written inside. Is the option that it wants taken, in contexts never met?",
    "barred option": "The option that would be taken is barred inside, and only there. Is the next best taken?",
    "both": "Another goal is written and its best option barred. Is the next best by the new goal taken?",
}


class Goals(NamedTuple):
    """Goals to write: as values, and as the best reflexes for them in the contexts an individual remembers."""

    values: Float[Array, "goal percept"]
    reflexes: Int[Array, "goal context"]


def goals(key: PRNGKeyArray, who: Individual, count: int = GOALS) -> Goals:
    """Random goals, each encoded as well as each site can hold it."""
    values = unit(jax.random.normal(key, (count, who.values.shape[0])))
    return Goals(values, wanted(values, who.remembered).argmax(-1).astype(who.reflexes.dtype))


def examine(
    who: Individual, ecology: Ecology, key: PRNGKeyArray, *, contexts: int = CONTEXTS, count: int = GOALS
) -> SearchVerdict:
    """The three tests on fresh contexts and goals, both drawn when the individual is already what it is.

    The site is chosen on one half of the contexts and scored on the other. What a search would do with an edit is
    computed from the goal written; where none is written, from the choice made without an edit: the next best option
    by the values in the genome for one that is barred.
    """
    halves = {h: draw_contexts(named_key(key, h), ecology, contexts).percepts for h in ("choose", "score")}
    written, other = (goals(named_key(key, name), who, count) for name in ("goals", "other goals"))
    tests = []
    for name in ASKS:
        choose, score = (count_followed(name, who, percepts, written, other) for percepts in halves.values())
        sites = SITES if name != "barred option" else ("values",)
        tried = tuple(Tried(Place((site,), 0, 0, False), choose[site].share, 1.0) for site in sites)
        place = max(tried, key=lambda at: at.share).place
        tests.append(_test(name, place, tried, score))
    return decide(tuple(tests))


def count_followed(name: str, who: Individual, percepts: Array, written: Goals, other: Goals) -> dict[str, Count]:
    """Choices that follow a test's edit, by site and by control arm, of the contested ones; summed over goals.

    A context is contested where following and not following are different choices.
    """
    before = choices(who, percepts)
    options = percepts.shape[1]
    barred = before[:, None] == jnp.arange(options)
    # A bar at an option that nobody would take: the last by what would be chosen, so that it may change nothing.
    elsewhere = jnp.roll(barred, 1, 1)
    totals: dict[str, Count] = {}

    def add(arm: str, edit: Edit, wants, contested) -> None:
        followed = (choices(who, percepts, edit) == wants) & contested
        got, could = totals.get(arm, (0, 0))
        totals[arm] = Count(got + np.asarray(followed, float), could + np.asarray(contested, float))

    for values, reflexes, others, other_reflexes in zip(*written, *other, strict=True):
        worth = wanted(values, percepts)
        if name == "retarget":
            wants, bar, wrong_bar = worth.argmax(-1), None, None
            contested = wants != before
        else:
            if name == "both":
                bar = worth.argmax(-1)[:, None] == jnp.arange(options)
            else:
                worth, bar = wanted(who.values, percepts), barred
            wants = jnp.where(bar, -jnp.inf, worth).argmax(-1)
            wrong_bar = jnp.roll(bar, 1, 1)
            contested = (wants != before) & (bar.argmax(-1) != wants)
        if name == "barred option":
            add("values", Edit(barred=bar), wants, contested)
            add("unedited", Edit(), wants, contested)
            add("another option barred", Edit(barred=elsewhere), wants, contested)
            add("another goal", Edit(values=others), wants, contested)
            return totals
        add("values", Edit(values=values, barred=bar), wants, contested)
        add("reflexes", Edit(reflexes=reflexes, barred=bar), wants, contested)
        add("unedited", Edit(), wants, contested)
        add("another goal", Edit(values=others, reflexes=other_reflexes, barred=bar), wants, contested)
        add(
            "shuffled goal",
            Edit(values=jnp.roll(values, 1), reflexes=jnp.roll(reflexes, 1), barred=bar),
            wants,
            contested,
        )
        if name == "both":
            add("goal alone", Edit(values=values, reflexes=reflexes), wants, contested)
            add("another option barred", Edit(values=values, reflexes=reflexes, barred=wrong_bar), wants, contested)
    return totals


def _test(name: str, place: Place, tried: tuple[Tried, ...], arms: dict[str, Count]) -> TestResult:
    (site,) = place.sites
    edited, controls = arms[site], {arm: count for arm, count in arms.items() if arm not in SITES}
    if name != "barred option":
        controls["wrong site"] = arms[next(s for s in SITES if s != site)]
    always = Count(edited.occasions, edited.occasions)
    found = measure(edited, always, controls)
    floor = max(controls, key=lambda arm: found.controls[arm].value)
    return TestResult(
        name,
        ASKS[name],
        normalized(edited, always, {floor: controls[floor]}),
        found.edited,
        found.controls,
        found.advantages,
        EXPERIMENT,
        place=place,
        levels=int((edited.occasions > 0).sum()),
        occasions=int(edited.occasions.sum()),
        tried=tried,
    )


def decide(tests: tuple[TestResult, ...]) -> SearchVerdict:
    """`search` when all tests pass, `no-search` when one fails outright, `cannot-tell` otherwise."""

    def shown(some: Iterable[TestResult]) -> str:
        return ", ".join(f"{test.name} {test.edited.value:.2f}" for test in some)

    if all(test.passed for test in tests):
        reason = f"choices in contexts never met follow every edit inside ({shown(tests)})"
        return SearchVerdict(Verdict.SEARCH, reason, tests)
    broken = [test for test in tests if test.failed]
    if broken:
        reason = f"choices in contexts never met do not follow: {shown(broken)}"
        return SearchVerdict(Verdict.NO_SEARCH, reason, tests)
    return SearchVerdict(Verdict.CANNOT_TELL, f"neither passed nor failed: {shown(tests)}", tests)


EXPLANATION = (
    "A goal is written inside (other values in the genome, or the best reflexes for them), an option is barred in what a "
    "search has before it, and both at once. The contexts are drawn fresh and were never met. A search follows the edit in "
    "every one of them from as few numbers as were written; a table follows where it was rewritten, and elsewhere as far as "
    "what it remembers looks alike."
)
