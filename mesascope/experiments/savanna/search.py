"""Does it search? Rewrite its goal inside, bar options inside, and both, in contexts that it never met."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, bootstrap
from mesascope.experiments.document import Test
from mesascope.experiments.savanna.ecology import Ecology, draw_contexts
from mesascope.experiments.savanna.genomes import unit, wanted
from mesascope.experiments.savanna.individual import Edit, Individual, choices
from mesascope.experiments.test_result import PASS
from mesascope.instruments.search.verdict import FAIL, Verdict

CONTEXTS, GOALS = 512, 8
"""Virtual contexts of each half, and how many other goals are written in turn."""

SITES = ("values", "reflexes")


class SearchTest(NamedTuple):
    """One intervention: the share of contested contexts in which the choice follows it, beside the control arms.

    A context is contested where following and not following are different choices. `score` is what `edited` has above
    the best control as a share of what it could have above it: 0 is no better, 1 is following always. `site` was chosen
    among `tried` on other contexts. `familiar` is the share followed in the contexts that the individual lives in: it
    decides nothing.
    """

    name: str
    site: str
    score: Estimate
    edited: Estimate
    controls: dict[str, Estimate]
    advantages: dict[str, Estimate]
    familiar: float
    tried: tuple[tuple[str, float], ...]
    contexts: int


class SearchVerdict(NamedTuple):
    """The verdict, the reason, the tests."""

    verdict: Verdict
    reason: str
    tests: tuple[SearchTest, ...]


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
    halves["familiar"] = who.remembered[:contexts]
    written, other = (goals(named_key(key, name), who, count) for name in ("goals", "other goals"))
    tests = []
    for name in ("retarget", "barred option", "both"):
        found = {half: _arms(name, who, percepts, written, other) for half, percepts in halves.items()}
        sites = SITES if name != "barred option" else ("values",)
        tried = tuple((site, _rate(found["choose"][site])) for site in sites)
        site = max(tried, key=lambda pair: pair[1])[0]
        tests.append(_test(name, site, tried, found["score"], _rate(found["familiar"][site])))
    return decide(tuple(tests))


Arm = tuple[np.ndarray, np.ndarray]
"""Per context: how many choices followed, and how many could have."""


def _arms(name: str, who: Individual, percepts, written: Goals, other: Goals) -> dict[str, Arm]:
    """Every site and every control of a test, summed over goals."""
    before = choices(who, percepts)
    options = percepts.shape[1]
    barred = before[:, None] == jnp.arange(options)
    # A bar at an option that nobody would take: the last by what would be chosen, so that it may change nothing.
    elsewhere = jnp.roll(barred, 1, 1)
    totals: dict[str, Arm] = {}

    def add(arm: str, edit: Edit, wants, contested) -> None:
        followed = (choices(who, percepts, edit) == wants) & contested
        got, could = totals.get(arm, (0, 0))
        totals[arm] = (got + np.asarray(followed, float), could + np.asarray(contested, float))

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


def _rate(arm: Arm) -> float:
    return float(arm[0].sum() / max(arm[1].sum(), 1.0))


def _test(name: str, site: str, tried, arms: dict[str, Arm], familiar: float) -> SearchTest:
    controls = {arm: found for arm, found in arms.items() if arm not in SITES}
    if name != "barred option":
        controls["wrong site"] = arms[next(s for s in SITES if s != site)]
    got, could = arms[site]

    def share(followed: np.ndarray) -> Estimate:
        return bootstrap(np.stack([followed, could], 1), lambda m: m[:, 0] / np.maximum(m[:, 1], 1e-9))

    def above(m: np.ndarray) -> np.ndarray:
        return (m[:, 0] - m[:, 1]) / np.maximum(m[:, 2] - m[:, 1], 1e-9)

    rates = {arm: share(found[0]) for arm, found in controls.items()}
    best = controls[max(rates, key=lambda arm: rates[arm].value)][0]
    return SearchTest(
        name,
        site,
        bootstrap(np.stack([got, best, could], 1), above),
        share(got),
        rates,
        {arm: share(got - found[0]) for arm, found in controls.items()},
        familiar,
        tried,
        int((could > 0).sum()),
    )


def decide(tests: tuple[SearchTest, ...]) -> SearchVerdict:
    """`search` when all tests pass, `no-search` when one fails outright, `cannot-tell` otherwise."""
    passing = [passed(test) for test in tests]
    shown = ", ".join(f"{test.name} {test.edited.value:.2f}" for test in tests)
    if all(passing):
        return SearchVerdict(Verdict.SEARCH, f"choices in contexts never met follow every edit inside ({shown})", tests)
    broken = [t for t in tests if t.score.interval.high < FAIL]
    if broken:
        which = ", ".join(f"{t.name} {t.edited.value:.2f}" for t in broken)
        return SearchVerdict(Verdict.NO_SEARCH, f"choices in contexts never met do not follow: {which}", tests)
    return SearchVerdict(Verdict.CANNOT_TELL, f"neither passed nor failed: {shown}", tests)


def passed(test: SearchTest) -> bool:
    """Every control is beaten with its interval, and the lower bound of the score is above `PASS`."""
    return test.score.interval.low > PASS and all(e.interval.low > 0 for e in test.advantages.values())


EXPLANATION = (
    "A goal is written inside (other values in the genome, or the best reflexes for them), an option is barred in what a "
    "search has before it, and both at once. The contexts are drawn fresh and were never met. A search follows the edit in "
    "every one of them from as few numbers as were written; a table follows where it was rewritten, and elsewhere as far as "
    "what it remembers looks alike."
)

_ASKS = {
    "retarget": "Another goal is written inside. Is the option that it wants taken, in contexts never met?",
    "barred option": "The option that would be taken is barred inside, and only there. Is the next best taken?",
    "both": "Another goal is written and its best option barred. Is the next best by the new goal taken?",
}


def as_test(test: SearchTest) -> Test:
    """The test as the audit document holds it."""
    return Test(
        test.name,
        _ASKS[test.name],
        test.score,
        max(e.value for e in test.controls.values()),
        passed(test),
        test.controls,
        test.edited,
    )
