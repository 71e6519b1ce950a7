"""Reading an audit document without trusting that anything in it is there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mesascope.reports.numbers import bounds, point

Audit = Mapping[str, Any]
"""An audit document, `docs/design/audit-document.md`."""

TRAINING = "training"


def look(value: Any, *keys: str) -> Any:
    """What stands under nested keys, or None where one of them is missing."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def part(value: Any, *keys: str) -> Mapping[str, Any]:
    """The mapping under nested keys; empty where there is none."""
    found = look(value, *keys)
    return found if isinstance(found, Mapping) else {}


def union(parts: Iterable[Iterable[Any]]) -> list[Any]:
    """Everything in any of the parts, once, in the order in which it first comes."""
    return list(dict.fromkeys(each for found in parts for each in found))


def items(value: Any, *keys: str) -> list[Any]:
    """The list under nested keys; empty where there is none."""
    found = look(value, *keys)
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []


def words(value: Any, *keys: str) -> str:
    """The text under nested keys; empty where there is none."""
    found = look(value, *keys)
    return "" if found is None else str(found)


def distributions(audit: Audit) -> list[str]:
    """Training, then the shifts that appear anywhere in the document, in the world's order."""
    parts = [part(audit, key) for key in ("ledger", "behavior", "competence")]
    # Names in a file are sorted: the order is told apart.
    named = union([[TRAINING], items(audit, "world", "shift_order"), part(audit, "world", "shifts"), *parts])
    return [name for name in named if any(name in found for found in parts)]


def label(audit: Audit, audits: Sequence[Audit]) -> str:
    """What tells this audit from the others: its seed, its subject, or both."""
    seed, name = words(audit, "seed"), words(audit, "subject", "name") or words(audit, "subject", "ref") or "subject"
    one_name = len({words(a, "subject", "name") or words(a, "subject", "ref") for a in audits}) == 1
    one_seed = len({words(a, "seed") for a in audits}) == 1
    if len(audits) == 1 and words(audit, "subject", "kind") == "trained":
        return f"{name}, seed {seed}"
    if len(audits) == 1 or (one_seed and not one_name):
        return name
    return f"seed {seed}" if one_name else f"{name}, seed {seed}"


def in_experiment(audit: Audit) -> bool:
    """Whether the audit is an experiment's, and not of an agent in mazes."""
    return bool(part(audit, "laboratory"))


def event_words(audit: Audit, event: str) -> str:
    """An event in words: in mazes, what was touched first."""
    return event if event == "nothing" or in_experiment(audit) or part(audit, "counts") else f"{event} first"


def rewarded(audit: Audit, role: str = "base_objective") -> list[str]:
    """Features that the base objective (or the intended goal) weighs above zero."""
    return [f for f, w in part(audit, "world", role).items() if isinstance(w, int | float) and w > 0]


def competence_at_base(audit: Audit, distribution: str = TRAINING) -> tuple[str, Any]:
    """Competence at the base objective, under the name it goes by; at the best candidate where it has no name."""
    found = part(audit, "competence", distribution)
    features = rewarded(audit)
    for name in ("base objective", "base", "+".join(features), *(features if len(features) == 1 else ())):
        if point(found.get(name)) is not None:
            return name, found[name]
    named = [(point(e), n) for n, e in found.items() if point(e) is not None]
    best = max(named, default=(None, ""))[1]
    return best, found.get(best)


def capability_failure(audit: Audit) -> bool:
    """Whether the subject is too weak in training for an objective to be read from it."""
    if part(audit, "alignment", "capability"):
        return TRAINING in items(audit, "alignment", "capability", "under")
    return words(audit, "alignment", "verdict") == "capability-failure"  # of documents with one verdict


NOTABLE = 0.1
"""Weights below this share of the largest are left out of sentences; tables show them all."""


def strongest(weights: Mapping[str, Any], most: int = 3) -> list[str]:
    """Notable features whose weight is beyond doubt not zero, wanted ones before shunned ones, the largest first.

    The largest of all where none is beyond doubt.
    """
    sized = [(abs(point(e) or 0.0), f) for f, e in weights.items() if point(e) is not None]
    least = NOTABLE * max((size for size, _ in sized), default=0.0)
    ordered = [f for size, f in sorted(sized, key=lambda pair: (-pair[0], pair[1])) if size >= least]
    sure = [f for f in ordered if (b := bounds(weights[f])) and (b[0] > 0 or b[1] < 0)]
    sure.sort(key=lambda f: (point(weights[f]) or 0.0) < 0)
    return (sure or ordered[:1])[:most]


def drawn_to(audits: Sequence[Audit], most: int = 2) -> list[str]:
    """Features that some subject is after although the base objective does not reward them: the candidate proxies."""
    base = {feature for audit in audits for feature in rewarded(audit)}
    named = [p for audit in audits for p in items(audit, "alignment", "proxies")]
    for audit in audits:
        for key in ("mesa_objective", "behavioral_objective"):
            weights = part(audit, key, "weights")
            named += [f for f in strongest(weights) if (point(weights[f]) or 0.0) > 0]
    return [f for f in dict.fromkeys(map(str, named)) if f not in base][:most]


DOUBT = 0.005
"""A feature is wanted, or not, beyond doubt where the probability of the other is this or less."""


def readings(weights: Mapping[str, Any]) -> dict[str, list[str]]:
    """Features by what their weights say: wanted beyond doubt, not wanted, undecided, or never offered; empty where nothing is
    known.

    What the levels at hand cannot tell apart is undecided.
    """
    found: dict[str, list[str]] = {"wanted beyond doubt": [], "not wanted": [], "undecided": [], "never offered": []}
    for name, weight in weights.items():
        wanted = look(weight, "wanted")
        if not isinstance(wanted, int | float):
            return {}
        said = "undecided" if DOUBT < wanted < 1 - DOUBT else "wanted beyond doubt" if wanted > 0.5 else "not wanted"
        found[said if look(weight, "offered") is not False else "never offered"].append(name)
    return {said: names for said, names in found.items() if names}


def telling_shift(audits: Sequence[Audit]) -> str | None:
    """The world's first shift that every audit ran: worlds put their classic one first."""
    shared = [set(distributions(audit)) for audit in audits]
    return next((d for d in distributions(audits[0]) if d != TRAINING and all(d in s for s in shared)), None)


def telling_events(audits: Sequence[Audit], shift: str) -> list[str]:
    """What is worth comparing under a shift: the wanted events, the candidate proxies that it offers, and nothing."""
    offered = {
        event
        for audit in audits
        for event, found in part(audit, "behavior", shift).items()
        if look(found, "offered") is not False
    }
    wanted = [f for audit in audits for f in rewarded(audit, "intended_goal")]
    return [e for e in dict.fromkeys([*wanted, *drawn_to(audits), "nothing"]) if e in offered]


def gap_share(audit: Audit, distribution: str, gap: str, ledger: str = "ledger") -> dict[str, Any]:
    """A gap's share of the return that could be earned, with the interval, as an estimate."""
    entry = part(audit, ledger, distribution, gap)
    return {"value": entry.get("share"), "interval": entry.get("interval")}
