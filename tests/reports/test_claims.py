"""What the report claims: nothing that the document does not say, and no word that it does not earn."""

import copy
import re

import pytest

from mesascope.experiments.instruments import known_objective
from mesascope.reports import plain
from mesascope.reports.html import render_report
from mesascope.reports.numbers import number
from mesascope.reports.terminal import verdict_rows
from tests.reports import sample_audit
from tests.reports.pages import Page

NUMBER = re.compile(r"(?<![\w.,])[\N{MINUS SIGN}-]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w.]*\d)")
EXPLAINED = ("section#guide", "section#glossary", "section#references", "section#instruments", "pre")
"""Where numbers are part of an explanation or of a name."""
ALLOWED = {"0", "1", "95"}
"""The ends of a scale, and the confidence of every interval."""


def _forms(value, found):
    if isinstance(value, dict):
        for key, inner in value.items():
            found.update(NUMBER.findall(str(key)))
            _forms(inner, found)
    elif isinstance(value, list):
        found.add(str(len(value)))
        for inner in value:
            _forms(inner, found)
    elif isinstance(value, bool) or value is None:
        pass
    elif isinstance(value, str):
        found.update(NUMBER.findall(value))
    else:
        found.update(number(value, digits) for digits in range(4))
        found.add(f"{value:g}")


def _claimed(page):
    return set(NUMBER.findall(page.text(outside=(*EXPLAINED, "svg"))))


def test_every_number_comes_from_the_document(documents, pages, name):
    known = set(ALLOWED) | {str(i) for i in range(len(documents[name]) + 1)}
    _forms(documents[name], known)
    assert _claimed(pages[name]) - known == set()


def test_a_number_from_elsewhere_would_be_noticed(documents):
    audit = copy.deepcopy(documents["search, robust"][0])
    audit["behavior"]["training"]["door"]["rate"] = 7.77
    known = set()
    _forms(documents["search, robust"][0], known)
    assert "7.77" in _claimed(Page(render_report([audit])))
    assert "7.77" not in known


UNEARNED = ("no search", "cannot tell", "capability failure", "closed")


@pytest.mark.parametrize("name", UNEARNED)
def test_no_objective_inside_is_claimed_where_none_was_located(pages, name):
    text = pages[name].text(outside=("section#glossary", "section#instruments"))
    claims = [text[m.start() - 4 : m.end() + 14] for m in re.finditer("mesa-objective", text)]
    assert claims
    assert all(claim.strip().startswith("No ") for claim in claims), claims
    assert "it is a mesa-optimizer" not in text


@pytest.mark.parametrize("name", ["search, pseudo-aligned", "search, robust"])
def test_it_is_named_where_it_was(pages, name):
    text = pages[name].text(outside=("section#glossary",))
    assert "its mesa-objective weighs door" in text
    assert "No mesa-objective is claimed" not in text
    assert "it is a mesa-optimizer" in text


def test_search_that_was_built_in_makes_no_mesa_optimizer(pages):
    text = pages["organism"].text(outside=("section#glossary",))
    assert "it is a mesa-optimizer" not in text
    assert "The search was built in by hand" in text


def test_search_that_was_built_in_is_not_said_to_be_found(documents):
    (built,) = documents["organism"]
    assert plain.search_words(built) == "searches inside (built in)"
    other = built | {"seed": 1, "behavior": {}}
    assert "Search inside: built in for 2 of 2." in plain.conclusion([built, other])
    assert "found in" not in plain.conclusion([built, other])


def test_identical_runs_are_told_as_one(documents):
    (one,) = documents["search, robust"]
    same, other = one | {"seed": 7}, one | {"seed": 7, "returns": {}}
    assert plain.conclusion([one, same, same]).endswith(plain.conclusion([one]))
    assert plain.conclusion([one, same, same]).startswith("The 3 runs are identical")
    assert "3 of 3" not in plain.conclusion([one, same, same])
    assert "identical" not in plain.conclusion([one, other])


@pytest.mark.parametrize(
    ("verdict", "short"),
    [
        ("no gap found in training and under 6 shifts", "no gap found in training and under 6 shifts"),
        ("loses 45 % under blue-door, 33 % under denser", "loses 45 % under blue-door and 1 more"),
        ("loses 87 % under larger, 84 % under denser and 4 more", "loses 87 % under larger and 5 more"),
        ("cannot tell under larger and 2 more", "cannot tell under larger and 2 more"),
    ],
)
def test_a_verdict_in_short_counts_all_that_it_leaves_out(verdict, short):
    assert plain.brief(verdict) == short


def test_verdicts_of_several_are_counted_without_places_but_that_of_the_worst_loss():
    failing = lost(sample_audit.search_robust(), "blue-door", 0.63)
    early = lost(sample_audit.search_robust(), "training", 0.63)
    said = plain.conclusion([failing, {**failing, "seed": 8}, {**early, "seed": 9}])
    assert "Capability: 2 of 3 lost (most under blue-door), 1 of 3 lost (most in training)." in said


def test_what_was_known_is_not_said_to_be_inferred(documents):
    (audit,) = copy.deepcopy(documents["no search"])
    audit["behavioral_objective"] = known_objective({"door": 1.0, "red": 0.0})
    (after,) = [a.sentence for a in plain.answers(audit) if a.question == plain.QUESTIONS[1]]
    assert after.startswith("It was built to be after door 1.00: nothing was inferred.")
    assert "inferred from what it does" not in after
    assert "door 1.00\n(built in, not inferred)" in verdict_rows([audit])[1][0]
    said = Page(render_report([audit])).text(inside="section#audit-1-behavioral")
    assert "Nothing was inferred" in said
    assert "identified in training" not in said


def test_the_table_of_returns_is_by_the_intended_goal(documents):
    """Where training rewards something else, returns by that stand nowhere below its caption."""
    (audit,) = copy.deepcopy(documents["search, robust"])
    audit["world"] |= {"intended_goal": {"door": 1.0}, "base_objective": {"red": 1.0}}
    audit["returns"] = {d: {"subject": 0.111, "optimal": 0.222, "uniform": 0.333} for d in audit["returns"]}
    by_goal = {d: {"subject": 0.444, "optimal": 0.555, "uniform": 0.666} for d in audit["returns"]}
    shown = Page(render_report([audit | {"returns_by_intended": by_goal}])).text()
    assert all(figure in shown for figure in ("0.444", "0.555", "0.666"))
    assert not any(figure in shown for figure in ("0.111", "0.222", "0.333"))
    assert "red 1" in shown
    older = Page(render_report([audit])).text()  # a document without them shows none
    assert not any(figure in older for figure in ("0.111", "0.222", "0.333"))


def test_without_search_the_word_is_misgeneralizes(pages):
    assert "misgeneralizes (proxy)" in pages["no search"].text(inside="section#verdicts")
    assert "pseudo-aligned (proxy)" in pages["search, pseudo-aligned"].text(inside="section#verdicts")


def test_all_questions_are_answered(pages, name):
    text = pages[name].text(inside="section#verdicts")
    assert all(question in text for question in plain.QUESTIONS)


def test_the_comparison_comes_first_and_only_for_several(sources):
    assert 'id="comparison"' not in sources["search, robust"]
    source = sources["three seeds"]
    assert source.index('id="comparison"') < source.index('id="verdicts"') < source.index('id="audit-1"')


def test_every_arm_of_every_test_is_shown(pages):
    for index in range(3):
        text = pages["search, robust"].text(inside=f"section#audit-1-{index}")
        assert all(arm in text for arm in ("edited inside", "ceiling", *sample_audit.CONTROLS))


def test_every_distribution_has_a_ledger_a_behavior_and_an_episode(pages, sources):
    page = pages["search, pseudo-aligned"]
    for part in ("ledger", "behavior", "gallery"):
        text = page.text(inside=f"section#audit-1-{part}")
        assert all(d in text for d in sample_audit.DISTRIBUTIONS)
    assert sources["search, pseudo-aligned"].count('class="ms-moving"') >= len(sample_audit.DISTRIBUTIONS)


def test_a_capability_failure_reads_no_objective_and_enters_no_average(pages):
    alone = pages["capability failure"].text(inside="section#verdicts")
    assert "No objective is read" in alone
    assert "Capability failures, in no average: seed 3" in pages["mixed"].text(inside="header#top") or (
        "Capability failures, in no average: glance net, seed 3" in pages["mixed"].text(inside="header#top")
    )


def test_where_it_came_apart_is_named():
    where = {a.question: a for a in plain.answers(sample_audit.sample_audit())}[plain.QUESTIONS[2]]
    assert (where.verdict, where.tone) == ("pseudo-aligned (proxy) under blue-door", "bad")
    robust = {a.question: a for a in plain.answers(sample_audit.search_robust())}[plain.QUESTIONS[2]]
    assert (robust.verdict, robust.tone) == ("no gap found in training and under 6 shifts", "good")


def test_a_gap_already_in_training_is_said_to_be_there():
    audit = sample_audit.sample_audit()
    for gap in ("inner", "total"):
        audit["ledger"]["training"][gap] |= {"share": 0.3, "interval": [0.25, 0.35]}
    found = plain.answers(sample_audit.judged(audit))
    assert found[2].verdict == "not the base objective, in training already"
    assert found[4].verdict == "misaligned in training"


def lost(audit, shift, share):
    """The audit of one that goes for what was wanted and loses a share of it for want of capability."""
    for gap in ("capability", "total"):
        audit["ledger"][shift][gap] |= {"share": share, "interval": [share - 0.05, share + 0.05]}
    for name in audit["competence"][shift]:
        audit["competence"][shift][name] = sample_audit.estimate(1 - share)
    return sample_audit.judged(audit)


def test_what_is_lost_for_want_of_capability_has_an_answer_of_its_own():
    audit = lost(sample_audit.search_robust(), "blue-door", 0.63)
    objective, capability, alignment = plain.answers(audit)[2:]
    assert (objective.verdict, objective.tone) == ("no gap found in training and under 6 shifts", "good")
    assert (capability.verdict, capability.tone) == ("loses 63 % under blue-door", "bad")
    assert (alignment.verdict, alignment.tone) == ("capability failure", "bad")
    said = plain.conclusion([audit])
    assert "Objective: no gap found in training and under 6 shifts. Capability: loses 63 % under blue-door." in said
    assert "capability failure" in said
    page = Page(render_report([audit]))
    assert "loses 63 % under blue-door" in page.text(inside="section#verdicts")
    assert "lost" in page.text(inside="section#audit-1-ledger")
    assert "No objective is read" not in page.text(inside="section#verdicts"), "it is capable in training"


def test_a_document_with_one_verdict_is_still_read():
    audit = sample_audit.search_robust()
    for key in ("objective", "capability", "by_distribution", "notes"):
        del audit["alignment"][key]
    answers = plain.answers(audit)
    assert [a.verdict for a in answers[2:]] == ["not told apart", "not told apart", "robust under the shifts tested"]
    assert "run it again" in answers[2].sentence
    audit["ledger"] = {}
    assert plain.answers(audit)[2].verdict == "not computed"
