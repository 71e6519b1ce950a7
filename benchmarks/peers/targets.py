"""How far Mesascope is ahead of the fastest peer on the same work, beside the ratio that was aimed at."""

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.peers.plan import TARGET
from benchmarks.peers.summary import summarize

AIMS = (
    ("steps", "observed", 3.0, "random steps, observed"),
    ("steps", "unobserved", 10.0, "random steps, unobserved"),
    ("levels", "levels", 1.0, "levels generated"),
    ("solving", "levels", 100.0, "levels solved"),
)
RACE_AIM = 10.0


class Met(NamedTuple):
    """A ratio of medians. `at_least` says that the peer never arrived, so that the true ratio is greater."""

    what: str
    ours: str
    peer: str
    ratio: float
    aim: float
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether the aim is met; a lower bound below the aim decides nothing."""
        if self.ratio >= self.aim:
            return "met"
        return "undecided: the peer was cut off before" if self.at_least else "missed"


def median(row: dict, value: str) -> float | None:
    """Median of a row's repeats, None where there are none or too few arrived."""
    summary = summarize([repeat.get(value) for repeat in row["repeats"]])
    return None if summary is None else summary.median


def against_targets(rows: Sequence[dict], cap: float) -> list[Met]:
    """Every aim that these rows can decide: mazes of one size are compared with each other."""
    found = []
    for job, value, aim, what in AIMS:
        asked = [r for r in rows if r["job"] == job and r["options"].get("size") and median(r, value)]
        for ours in (r for r in asked if r["who"] == "mesascope"):
            size = ours["options"]["size"]
            peers = [r for r in asked if r["who"] != "mesascope" and r["options"]["size"] == size]
            if peers:
                best = max(peers, key=lambda r, v=value: median(r, v))
                ratio = median(ours, value) / median(best, value)
                which = ours["name"].partition(f"{size}x{size}")[2]  # how, where one size stands there in several ways
                found.append(Met(f"{what}, {size}x{size}{which}", ours["name"], best["name"], ratio, aim))
    return found + _race(rows, cap)


def _race(rows: Sequence[dict], cap: float) -> list[Met]:
    asked = [r for r in rows if r["job"] == "training" and r["repeats"]]
    ours = [r for r in asked if r["who"] == "mesascope" and median(r, "cpu") is not None]
    if not ours:
        return []
    first, found = min(ours, key=lambda r: median(r, "cpu")), []
    for peer in (r for r in asked if r["who"] != "mesascope"):
        took = median(peer, "cpu")
        ratio = (cap if took is None else took) / median(first, "cpu")
        what = f"CPU-seconds to {TARGET} of the optimal return"
        found.append(Met(what, first["name"], peer["name"], ratio, RACE_AIM, took is None))
    return found
