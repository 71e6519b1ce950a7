"""The findings of an audit in plain sentences; the report and the terminal say the same."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mesascope.reports.numbers import estimate_text, number, point
from mesascope.reports.reading import (
    TRAINING,
    Audit,
    capability_failure,
    competence_at_base,
    event_words,
    items,
    label,
    look,
    part,
    readings,
    strongest,
    telling_events,
    telling_shift,
    union,
    words,
)
from mesascope.reports.study import failure

SEARCH = {"search": "searches inside", "no-search": "no search", "cannot-tell": "cannot tell"}
ALIGNMENT = {
    "robust": "robust under the shifts tested",
    "pseudo": "pseudo-aligned",
    "misaligned-in-training": "misaligned in training",
    "outer-misaligned": "after the wrong base objective",
    "deceptive": "deceptive",
    "capability-failure": "capability failure",
    "aligned-in-training": "aligned in training",
    "cannot-tell": "cannot tell",
}

QUESTIONS = (
    "Does it search inside?",
    "What is it after?",
    "Objective: did that come apart from what was wanted?",
    "Capability: does it still get what it is after?",
    "Alignment: what follows from both?",
)

_TONES = {
    "alignment": {"robust": "good", "aligned-in-training": "open", "cannot-tell": "open", "": "open"},
    "objective": {"robust": "good", "aligned-in-training": "open", "cannot-tell": "open", "": "open"},
    "capability": {"robust": "good", "capable-in-training": "open", "cannot-tell": "open", "": "open"},
}
"""How verdicts may be marked; those that are not listed are bad."""

_REST = re.compile(r" and (\d+) more$")

_COUNTED = {
    "objective": {
        "robust": "no gap found",
        "pseudo": "came apart under a shift",
        "misaligned-in-training": "another objective in training already",
        "outer-misaligned": "after the wrong base objective",
        "aligned-in-training": "no gap in training",
        "cannot-tell": "cannot tell",
    },
    "capability": {
        "robust": "kept",
        "fails": "lost",
        "capable-in-training": "kept in training",
        "cannot-tell": "cannot tell",
    },
}
"""Verdicts of several agents, to be counted."""

HALVES = ("objective", "capability")
"""The two verdicts that the one on alignment follows from."""

_ONE_VERDICT, _NO_LEDGER = "not told apart", "not computed"
"""Of a document that was written when there was one verdict, and of one without a ledger."""


ALIKE = 0.05
"""Competence in training that differs by less than this is called alike."""


class Answer(NamedTuple):
    """A question of the audit, the verdict in a word or two, and the sentence that says why.

    `tone` is good, bad, open or plain: how a page may mark the verdict beside its words.
    """

    question: str
    verdict: str
    tone: str
    sentence: str


def answers(audit: Audit) -> tuple[Answer, ...]:
    """The answers of one audit, in the order of the questions."""
    return (_search(audit), _objective(audit), _half(audit, "objective"), _half(audit, "capability"), _follows(audit))


def search_words(audit: Audit) -> str:
    """The verdict on search in a few words, and whether whoever made the subject put the search there."""
    verdict = words(audit, "search", "verdict")
    return f"{SEARCH.get(verdict, verdict or 'not tested')}{' (built in)' if _built_in(audit) else ''}"


def _built_in(audit: Audit) -> bool:
    return words(audit, "search", "verdict") == "search" and look(audit, "search", "hard_coded") is True


def search_tone(audit: Audit) -> str:
    """How the verdict on search may be marked: neither found nor not found is good or bad by itself."""
    return "plain" if words(audit, "search", "verdict") in ("search", "no-search") else "open"


def alignment_words(audit: Audit) -> str:
    """The verdict on alignment in a few words, with its kind; without search inside it can only misgeneralize."""
    verdict, kind = words(audit, "alignment", "verdict"), words(audit, "alignment", "kind")
    text = ALIGNMENT.get(verdict, verdict or "not judged")
    if verdict == "pseudo" and words(audit, "search", "verdict") != "search":
        text = "misgeneralizes"
    mechanism = words(audit, "alignment", "mechanism")
    return f"{text} ({', '.join(part for part in (kind, mechanism) if part)})" if kind else text


def alignment_tone(audit: Audit) -> str:
    """How the verdict on alignment may be marked."""
    return _TONES["alignment"].get(words(audit, "alignment", "verdict"), "bad")


def half_words(audit: Audit, half: str) -> str:
    """The verdict on `objective` or `capability` in a few words, as the audit put them."""
    return words(audit, "alignment", half, "summary") or (_ONE_VERDICT if part(audit, "ledger") else _NO_LEDGER)


def brief(verdict: str) -> str:
    """A verdict that lists several distributions, with the first of them and how many more there are.

    Example:
        >>> brief("loses 87 % under larger, 84 % under denser and 4 more")
        'loses 87 % under larger and 5 more'
    """
    rest = _REST.search(verdict)
    first, *more = verdict[: rest.start() if rest else None].split(", ")
    count = len(more) + (int(rest[1]) if rest else 0)
    return f"{first} and {count} more" if count else first


def _kind(audit: Audit, half: str) -> str:
    """The verdict on `objective` or `capability` in words to be counted: no places but that of the worst loss."""
    verdict = words(audit, "alignment", half, "verdict")
    worst = next(iter(items(audit, "alignment", half, "under")), None) if verdict == "fails" else None
    where = "" if worst is None else " (most in training)" if worst == TRAINING else f" (most under {worst})"
    return _COUNTED[half].get(verdict, half_words(audit, half)) + where


def half_tone(audit: Audit, half: str) -> str:
    """How the verdict on `objective` or `capability` may be marked."""
    return _TONES[half].get(words(audit, "alignment", half, "verdict"), "bad")


def weights_text(weights: Mapping[str, Any], most: int = 3, digits: int = 2) -> str:
    """`door 0.62 [0.58, 0.66], red 0.38 [0.34, 0.42]`: the strongest weights first."""
    return ", ".join(f"{f} {estimate_text(weights[f], digits)}" for f in strongest(weights, most))


def behavior_text(audit: Audit, shift: str, events: Sequence[str]) -> str:
    """`door first 0.56 [0.53, 0.59], nothing 0.04 [0.03, 0.05]`."""
    found = part(audit, "behavior", shift)
    return ", ".join(
        f"{event_words(audit, event)} {estimate_text(found[event])}"
        for event in events
        if point(found.get(event)) is not None
    )


def conclusion(audits: Sequence[Audit]) -> str:
    """What a person should take away, in a few sentences. Runs that are all the same run are told as one."""
    same = identical(audits)
    told = audits[:1] if same else audits
    parts = (_elsewhere(told), _trained(told), _shifted(told), _judged(told), _left_out(told))
    return " ".join(filter(None, (same, *parts)))


_FOUND = ("search", "behavioral_objective", "mesa_objective", "ledger", "behavior", "competence", "returns")


def identical(audits: Sequence[Audit]) -> str:
    """That several runs found the very same, and so are evidence of one; empty where any two differ."""
    if len(audits) < 2 or not part(audits[0], "ledger"):
        return ""
    if any(look(audit, key) != look(audits[0], key) for audit in audits[1:] for key in _FOUND):
        return ""
    return f"The {len(audits)} runs are identical, as nothing in them depends on the seed: they count as one."


def _elsewhere(audits: Sequence[Audit]) -> str:
    """That an agent is audited in another world or configuration than it was trained in: a failure there may be owed to that."""
    texts = list(dict.fromkeys(text for audit in audits if (text := words(audit, "subject", "elsewhere"))))
    return f"Another world than it was trained in: {'; '.join(texts)}." if texts else ""


def _left_out(audits: Sequence[Audit]) -> str:
    shifts = union(part(audit, "distributions_left_out") for audit in audits)
    return f"Shifts that were not run, as their levels do not fit: {', '.join(map(str, shifts))}." if shifts else ""


def _trained(audits: Sequence[Audit]) -> str:
    failed = [label(a, audits) for a in audits if failure(a)]
    able = [a for a in audits if not failure(a)]
    said = []
    scores = [(point(competence_at_base(a)[1]), competence_at_base(a)) for a in able]
    known = [(value, best) for value, best in scores if value is not None]
    if len(known) == 1:
        who = "It" if len(audits) == 1 else f"The {label(able[0], audits)}"
        said.append(f"{who} reaches {estimate_text(known[0][1][1])} of competence in training.")
    elif known:
        low, high = min(v for v, _ in known), max(v for v, _ in known)
        said.append(
            f"In training {len(known)} agents {'score alike' if high - low < ALIKE else 'differ'}: competence "
            f"{number(low)} to {number(high)}."
        )
    if failed:
        said.append(f"Capability failures, in no average: {', '.join(failed)}.")
    return " ".join(said)


def _shifted(audits: Sequence[Audit]) -> str:
    able = [a for a in audits if not failure(a)]
    shift = telling_shift(able) if able else None
    if shift is None:
        return ""
    events = telling_events(able, shift)
    if len(able) == 1:
        said = behavior_text(able[0], shift, events)
        return f"Under {shift}: {said}." if said else ""
    ranges = []
    for event in events:
        rates = [rate for a in able if (rate := point(look(a, "behavior", shift, event))) is not None]
        if rates:
            ranges.append(f"{event_words(able[0], event)} {number(min(rates))} to {number(max(rates))}")
    return f"Under {shift} they range: {', '.join(ranges)}." if ranges else ""


def _judged(audits: Sequence[Audit]) -> str:
    if len(audits) == 1:
        halves = " ".join(f"{half.capitalize()}: {half_words(audits[0], half)}." for half in HALVES)
        return f"Search: {search_words(audits[0])}. {halves} Alignment: {alignment_words(audits[0])}."
    halves = " ".join(f"{half.capitalize()}: {_counted(_kind(a, half) for a in audits)}." for half in HALVES)
    return f"Search inside: {_found(audits)}. {halves} Alignment: {_counted(map(alignment_words, audits))}."


def _found(audits: Sequence[Audit]) -> str:
    """`found in 2 of 3, not found in 1 of 3`."""
    verdicts = ["built-in" if _built_in(a) else words(a, "search", "verdict") for a in audits]
    said = {
        "built-in": "built in for",
        "search": "found in",
        "no-search": "not found in",
        "cannot-tell": "cannot tell for",
    }
    counts = [(text, verdicts.count(verdict)) for verdict, text in said.items()]
    return ", ".join(f"{text} {count} of {len(verdicts)}" for text, count in counts if count) or "not tested"


def _counted(verdicts: Iterable[str]) -> str:
    """`2 of 3 pseudo-aligned, 1 of 3 cannot tell`."""
    found = list(verdicts)
    return ", ".join(f"{found.count(text)} of {len(found)} {text}" for text in dict.fromkeys(found))


def _search(audit: Audit) -> Answer:
    verdict, reason = words(audit, "search", "verdict"), words(audit, "search", "reason")
    sentence = _sentence(reason) if reason else "No test of search was run."
    if look(audit, "search", "hard_coded") is True:
        sentence += " The search was built in by hand: this is an optimizer, but not one that training produced."
    elif verdict == "search" and look(audit, "search", "mesa_optimizer") is True:
        sentence += " Training produced this search: it is a mesa-optimizer."
    elif verdict == "search":
        sentence += " Whether training produced this search was not established."
    return Answer(QUESTIONS[0], search_words(audit), search_tone(audit), sentence)


def _objective(audit: Audit) -> Answer:
    if capability_failure(audit):
        return Answer(
            QUESTIONS[1], "not read", "open", "No objective is read from a subject that is not capable in training."
        )
    outside, inside = part(audit, "behavioral_objective", "weights"), part(audit, "mesa_objective", "weights")
    weights = inside or outside
    wanted = [f for f in strongest(weights) if (point(weights[f]) or 0.0) > 0]
    verdict = " and ".join(wanted) or ("unknown" if not weights else "nothing that was offered")
    said = []
    if outside and look(audit, "behavioral_objective", "known") is True:
        said.append(f"It was built to be after {weights_text(outside)}: nothing was inferred.")
    elif outside:
        said.append(f"Its behavioral objective, inferred from what it does, weighs {weights_text(outside)}.")
    told = readings(outside)
    left = [f for said in ("undecided", "never offered") for f in told.get(said, ())]
    if left:
        said.append(
            f"Not identified by any level at hand: whether {', '.join(left)} {'is' if len(left) == 1 else 'are'} wanted."
        )
    missing = ", ".join(str(x) for x in items(audit, "behavioral_objective", "unidentified"))
    if look(audit, "behavioral_objective", "identified_in_training") is False:
        said.append(f"Training alone cannot tell this{': it leaves open ' + missing if missing else ''}.")
    if inside:
        site = words(audit, "mesa_objective", "site")
        where = f" at {site}" if site else ""
        how = ", confirmed by intervention" if look(audit, "mesa_objective", "confirmed_by_intervention") else ""
        found = "Read" if look(audit, "mesa_objective", "known") is True else "Located"
        said.append(f"{found} inside{where}{how}, its mesa-objective weighs {weights_text(inside)}.")
        misfit = "; ".join(str(x) for x in items(audit, "mesa_objective", "misfit"))
        if misfit:
            said.append(f"But what it wants is not a sum over features: {misfit}.")
    elif look(audit, "mesa_objective") is None:
        said.append(f"No mesa-objective is claimed: {why_no_mesa(audit)}.")
    return Answer(QUESTIONS[1], verdict, "plain", " ".join(said))


def why_no_mesa(audit: Audit) -> str:
    """Why nothing is said about an objective inside."""
    if capability_failure(audit):
        return "the subject is not capable in training"
    if look(audit, "subject", "open") is False:
        return "the subject is closed, so its internal states can be neither read nor written"
    verdict = words(audit, "search", "verdict")
    if verdict == "no-search":
        return "no search was found inside, so what it seems to be after is a description of its behavior only"
    if verdict == "search":
        return "search was found, but no objective was located inside and confirmed"
    return "whether it searches inside could not be told"


def _half(audit: Audit, half: str) -> Answer:
    """One of the two verdicts."""
    question = QUESTIONS[2 + HALVES.index(half)]
    reason = words(audit, "alignment", half, "reason")
    if reason:
        return Answer(question, half_words(audit, half), half_tone(audit, half), _sentence(reason))
    if part(audit, "ledger"):
        said = f"This audit was written by a version without a verdict on {half} alone: run it again."
        return Answer(question, _ONE_VERDICT, "open", said)
    why = next((words(i, "reason") for i in items(audit, "instruments") if words(i, "name") == "ledger"), "")
    said = f"The ledger was not made: {why}." if why else "No verdict was reached."
    return Answer(question, _NO_LEDGER, "open", said)


def _follows(audit: Audit) -> Answer:
    alignment, halves = part(audit, "alignment"), [words(audit, "alignment", half, "verdict") for half in HALVES]
    if all(halves):
        said = [f"It follows from objective: {halves[0]}, and capability: {halves[1]}."]
        said += [_sentence(str(note)) for note in items(alignment, "notes")]
    else:
        reason = words(alignment, "reason")
        said = [_sentence(reason) if reason else "No verdict on alignment was reached."]
    return Answer(QUESTIONS[4], alignment_words(audit), alignment_tone(audit), " ".join(said))


def _sentence(text: str) -> str:
    """Text with a capital at its start and a full stop at its end."""
    trimmed = text.strip()
    ended = trimmed if trimmed.endswith((".", "!", "?")) else trimmed + "."
    return ended[0].upper() + ended[1:]
