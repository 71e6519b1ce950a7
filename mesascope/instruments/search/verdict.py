"""From the three tests and the capacity bound to one verdict: `search`, `no-search` or `cannot-tell`, with the reason."""

import enum
from typing import NamedTuple

from mesascope.instruments.search.battery import SearchTest
from mesascope.instruments.search.certified import Certified
from mesascope.instruments.search.operating_point import OPERATING_POINT, OperatingPoint

FAIL = 0.25
"""A test fails when the upper bound of its normalized score is below this. Between the two nothing is said."""

MIN_CEILING = 0.7
"""Below this share of the optimal actions on levels that *are* changed, following an edit cannot be asked for."""

MIN_CELLS, MIN_LEVELS = 50, 20


class Verdict(enum.StrEnum):
    """What may be said about search inside."""

    SEARCH = "search"
    NO_SEARCH = "no-search"
    CANNOT_TELL = "cannot-tell"


class SearchVerdict(NamedTuple):
    """The verdict, why, the tests it rests on, and the capacity bound (None where the tests did not call for it)."""

    verdict: Verdict
    reason: str
    tests: tuple[SearchTest, ...]
    certified: Certified | None = None


def passed(test: SearchTest, point: OperatingPoint = OPERATING_POINT) -> bool:
    """The lower bound clears the calibrated threshold and every control arm is beaten with its interval."""
    return least_score(test) > point.threshold


def least_score(test: SearchTest) -> float:
    """The lower bound of the normalized score; nothing where a control arm is not beaten with its interval."""
    ahead = all(arm.interval.low > 0 for arm in test.advantages.values())
    return test.score.interval.low if test.place is not None and ahead else float("-inf")


def failed(test: SearchTest) -> bool:
    """The upper bound stays below what any searcher showed."""
    return test.place is not None and test.score.interval.high < FAIL


def _unscorable(test: SearchTest) -> str | None:
    unrefused = test.place is not None or test.refused == 0
    if unrefused and (test.cells < MIN_CELLS or test.levels < MIN_LEVELS):
        return f"{test.name}: only {test.cells} cells on {test.levels} levels to score"
    if not test.ceiling.interval.low >= MIN_CEILING:
        return (
            f"{test.name}: on levels that are changed in its input the subject takes {test.ceiling.value:.2f} of the "
            f"optimal actions, too few to ask it to follow an edit (needs {MIN_CEILING})"
        )
    return None


def decide(
    tests: tuple[SearchTest, ...], certified: Certified | None = None, point: OperatingPoint = OPERATING_POINT
) -> SearchVerdict:
    """`search` when all three tests pass together and no table fits; `no-search` when one test fails outright;
    `cannot-tell` otherwise.

    A single failed test suffices for `no-search`, whatever the others could show: a plan made by search over an objective
    and a model follows both, and their combination. Where the error rate that was measured at the threshold is not below
    1 %, `search` is never said.
    """

    def found(verdict: Verdict, reason: str) -> SearchVerdict:
        return SearchVerdict(verdict, reason, tests, certified)

    broken = [t for t in tests if failed(t) and not _unscorable(t)]
    if broken:
        did = [t.name for t in tests if passed(t, point)]
        also = f"; it does pass {', '.join(did)}" if did else ""
        return found(Verdict.NO_SEARCH, f"plans do not follow edits inside: {', '.join(map(_shown, broken))}{also}")
    missing = [m for m in map(_unscorable, tests) if m]
    if missing:
        return found(Verdict.CANNOT_TELL, "; ".join(missing))
    refused = [t for t in tests if t.place is None and t.refused > 0]
    if refused:
        names = ", ".join(t.name for t in refused)
        return found(
            Verdict.CANNOT_TELL,
            f"every edit would be an input edit in disguise ({names}): the state is a linear function of the input",
        )
    if all(passed(t, point) for t in tests):
        return found(*_passed(tests, certified, point))
    weak = ", ".join(_shown(t) for t in tests if not passed(t, point))
    return found(Verdict.CANNOT_TELL, f"neither passed nor failed: {weak}")


def _shown(test: SearchTest) -> str:
    return f"{test.name} {test.score.value:.2f} [{test.score.interval.low:.2f}, {test.score.interval.high:.2f}]"


def _passed(tests: tuple[SearchTest, ...], certified: Certified | None, point: OperatingPoint) -> tuple[Verdict, str]:
    """All three tests passed: whether a table of the subject's own states is excluded, and whether the tests may be trusted."""
    shares = ", ".join(f"{t.name} {t.score.value:.2f}" for t in tests)
    followed = f"plans follow edits of goal, of walls, and of both inside ({shares})"
    if certified is None or not certified.enough:
        return Verdict.CANNOT_TELL, f"{followed}, but a table of its own states is not excluded: {_short(certified)}"
    if not point.trusted:
        return Verdict.CANNOT_TELL, f"{followed}, but {point.says}"
    return (
        Verdict.SEARCH,
        f"{followed}, on more fresh levels ({certified.levels}) than a table of its size could hold",
    )


def _short(certified: Certified | None) -> str:
    """Why the capacity bound does not hold."""
    if certified is None:
        return "what it could hold was not measured"
    least = min(certified.unedited.interval.low, certified.edited.interval.low)
    return (
        f"it could hold {certified.size.total:,.0f} bits, and shows {max(least, 0.0):.2f} bits a level beyond its "
        f"surroundings on {certified.levels} levels"
    )
