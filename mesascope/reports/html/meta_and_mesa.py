"""Meta beside mesa: the same four questions of what was designed to optimize and of what was found to."""

from collections.abc import Mapping
from typing import Any

from mesascope.reports.html.parts import Cell, badge, note, paragraph, section, strong, table, text
from mesascope.reports.markup import Markup, join
from mesascope.reports.numbers import estimate_text, number, real
from mesascope.reports.reading import items, look, part, words

_BADGES = {
    "search": ("searches", "good"),
    "no-search": ("does not search", "bad"),
    "cannot-tell": ("cannot tell", "open"),
}


def meta_and_mesa(document: Mapping[str, Any]) -> Markup:
    """Side by side, row by row."""
    found, contrast = part(document, "overfitting"), part(document, "meta_and_mesa")
    base, sampler = words(document, "trained", "base_optimizer"), words(document, "tuner", "sampler")
    agent = f"{words(document, 'trained', 'architecture')} net, seed {words(contrast, 'seed')}"
    rows: list[list[Cell]] = [
        [
            "what it is",
            f"the {sampler} tuner with its product, the base optimizer {base}",
            f"the {agent} that this base optimizer trained",
        ],
        [
            "is it an optimizer?",
            f"yes, by declaration: {base} is a loop of updates that somebody wrote, designed to raise the training return",
            join(
                "search was built into it by whoever wrote the architecture, and need not have been learned; "
                if contrast.get("built_in")
                else "nobody declared it one; ",
                "the search examination says: ",
                _said(contrast, "after"),
                f" (before training: {_plain(contrast, 'before')})",
            ),
        ],
        [
            "what it searches through",
            f"{number(look(contrast, 'weights'))} weights; the tuner, {len(items(document, 'tuner', 'space'))} numbers of "
            "that search",
            "plans, where it searches at all",
        ],
        [
            "without the declared optimizer's updates",
            join(
                "competence falls from ",
                strong(look(found, "tuned", "fresh"), 3),
                " to ",
                strong(look(found, "tuned", "no_updates"), 3),
                ", trained less untrained; it is the same with the default configuration, from ",
                strong(look(found, "default", "fresh"), 3),
                " to ",
                strong(look(found, "default", "no_updates"), 3),
            ),
            join(
                "after training the base optimizer is gone, and what it found stays in the weights: competence ",
                number(real(look(contrast, "after", "competence")), 3),
                " on fresh levels, tests of search as below",
            ),
        ],
        [
            "the tuner deleted",
            join(
                "the default configuration is left, and still optimizes: competence ",
                strong(look(found, "default", "fresh"), 3),
                "; the tuner's own search gained ",
                strong(found.get("gain"), 3),
            ),
            "nothing changes for an agent that is trained already",
        ],
    ]
    return section(
        2,
        "meta-and-mesa",
        "Meta and mesa, side by side",
        paragraph(
            "A meta-optimizer is designed to produce optimizers; a mesa-optimizer is a learned algorithm that turns out to be "
            "one. The mark is design and not level. Deleting the declared optimizer would tell them apart, by definition; "
            "measured is a trained network's score less an untrained one's."
        ),
        table(["", text("meta: designed to"), text("mesa: found to")], rows),
        _tests(contrast),
    )


def _said(contrast: Mapping[str, Any], when: str) -> Markup:
    verdict = words(contrast, when, "verdict")
    return badge(*_BADGES[verdict]) if verdict in _BADGES else badge("not examined: it is recurrent", "open")


def _plain(contrast: Mapping[str, Any], when: str) -> str:
    return _BADGES.get(words(contrast, when, "verdict"), ("not examined", ""))[0]


def _tests(contrast: Mapping[str, Any]) -> Markup | None:
    if not contrast.get("after"):
        return None
    tests = items(contrast, "after", "tests")
    if not tests:
        return note(f"The search tests: {words(contrast, 'after', 'reason')}.")
    rows: list[list[Cell]] = []
    for when in ("before", "after"):
        scores = {words(t, "name"): t for t in items(contrast, when, "tests")}
        passed = {True: " passed", False: " not passed"}
        rows.append(
            [
                f"{when} training",
                number(real(look(contrast, when, "competence")), 3),
                *(f"{estimate_text(t.get('score'))}{passed[bool(t.get('passed'))]}" for t in scores.values()),
                words(contrast, when, "reason"),
            ]
        )
    return table(
        ["", "competence", *(words(t, "name") for t in tests), text("why")],
        rows,
        caption="The search tests of that one agent: share of plans that follow an edit inside, from the best control, 0, to "
        "the same change made in the input, 1. One seed is an example and no rate.",
    )
