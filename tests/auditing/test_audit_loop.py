"""The loop of an audit over instruments: order, reasons, what runs beside, and how findings come into the document."""

import threading
from concurrent.futures import Executor, Future

import jax.numpy as jnp
import pytest

from mesascope.auditing.audit import audit
from mesascope.core.subject import AbstractPolicy
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.card import Card
from mesascope.instruments.instrument import Finding, Instrument, NotRun, in_order
from mesascope.instruments.report_parts import ReportPart, Table
from mesascope.instruments.settings import Settings
from mesascope.jobs.background import background
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.rewarding import rewarding

TINY = Settings(levels=4, evidence=4, directed=4, thought=4)
WORLD = rewarding(RedDoors(size=5), RedDoors.base_objective, ())


class Indifferent(AbstractPolicy):
    """Prefers no action to another."""

    def logits(self, observation):
        return jnp.zeros((*observation.shape[:3], 4))


def card(name):
    return Card(name, "", "", "", "", (), "", (f"a work cited by {name}",))


def instrument(name, run=lambda context: Finding(1), **more):
    return Instrument(card(name), run, **more)


def audited(*instruments, settings=TINY, executor=None):
    subject = AuditSubject(Indifferent(), "python", "x", "x", None)
    return audit(WORLD, subject, settings, 0, executor=executor, instruments=instruments)


def reasons(document):
    return {i.name: i.reason for i in document.instruments if not i.ran}


def test_each_comes_after_those_it_reads():
    a, b, c = instrument("a", after=("c",)), instrument("b", needs=("a",)), instrument("c")
    assert [i.name for i in in_order([a, b, c])] == ["c", "a", "b"]
    with pytest.raises(ValueError, match="in a circle: a, c"):
        in_order([a, instrument("c", needs=("a",))])


def test_one_reads_what_another_found():
    found = []
    audited(
        instrument("b", lambda context: found.append(context.value("a")) or Finding(), needs=("a",)), instrument("a")
    )
    assert found == [1]


def test_what_does_not_run_says_why_and_takes_those_with_it_that_need_it():
    document = audited(
        instrument("a", applies=lambda world, subject: "not here"),
        instrument("b", needs=("a",)),
        instrument("c", after=("a",)),
        instrument("d", lambda context: NotRun("nothing was found")),
        instrument("e", needs=("d",)),
        instrument("f", option="describe"),
    )
    assert reasons(document) == {
        "a": "not here",
        "b": "it reads 'a', which did not run: not here",
        "d": "nothing was found",
        "e": "it reads 'd', which did not run: nothing was found",
        "f": "not asked for (--describe)",
    }
    assert [i.name for i in document.instruments if i.ran] == ["c"]
    assert [c.name for c in document.cards] == ["c"], "cards are those of what ran"


def test_an_option_asks_for_an_instrument():
    document = audited(instrument("f", option="describe"), settings=TINY._replace(describe=True))
    assert reasons(document) == {}


def test_without_search_and_alignment_their_verdicts_say_why():
    document = audited(instrument("search", applies=lambda *_: "closed"), instrument("alignment", needs=("ledger",)))
    assert (document.search.verdict, document.search.reason) == ("cannot-tell", "closed")
    assert document.alignment.verdict == "cannot-tell"
    assert document.alignment.reason == "it reads 'ledger', which did not run"


def test_a_finding_without_fields_of_its_own_stands_under_its_name():
    part = ReportPart("Steps", "How many.", table=Table(("what", "steps"), (("all", 3),)))
    found = Finding(summary="3 steps", data={"steps": jnp.array(3)}, parts=(part,))
    document = audited(instrument("steps", lambda context: found)).to_json()
    assert document["findings"]["steps"]["summary"] == "3 steps"
    assert document["findings"]["steps"]["data"] == {"steps": 3}
    assert document["findings"]["steps"]["parts"][0]["table"]["rows"] == [["all", 3]]


def test_fields_of_several_instruments_are_laid_together():
    one = instrument("one", lambda context: Finding(fields={"closed_loop": {"pauses": 4}}))
    two = instrument("two", lambda context: Finding(fields={"closed_loop": {"tests": []}}))
    assert audited(one, two).closed_loop == {"pauses": 4, "tests": []}


class AtOnce(Executor):
    """Does each job when it is given."""

    def submit(self, job, *given):
        future = Future()
        try:
            future.set_result(job(*given))
        except Exception as error:
            future.set_exception(error)
        return future


def raises(error):
    def run(context):
        raise error

    return run


def test_what_failed_beside_is_raised_before_the_next_begins():
    late = instrument("late", raises(AssertionError("the next began")))
    early = instrument("early", raises(ValueError("failed beside")), policy_only=True)
    with pytest.raises(ValueError, match="failed beside"):
        audited(early, late, executor=AtOnce())


def test_a_failure_does_not_wait_for_what_is_in_line():
    go, finished, begun = threading.Event(), [], []

    def slow(context):
        go.wait(30)
        finished.append("slow")
        return Finding()

    def in_line(context):
        begun.append("in line")
        return Finding()

    def fails():
        with background() as second:
            audited(
                instrument("slow", slow, policy_only=True),
                instrument("in line", in_line, policy_only=True),
                instrument("breaks", raises(KeyError("lost inside"))),
                executor=second,
            )

    with pytest.raises(KeyError, match="lost inside"):
        fails()
    assert finished == [], "the failure was raised before the job at work was over"
    go.set()
    for thread in threading.enumerate():
        if thread.name.startswith("background"):
            thread.join(30)
    assert finished == ["slow"]
    assert begun == []


def test_what_ran_beside_is_in_the_document_and_timed():
    with background() as second:
        document = audited(
            instrument("a", lambda context: Finding(fields={"levels": {"seen": 3}}), policy_only=True),
            instrument("b", needs=("a",)),
            executor=second,
        )
    assert [i.name for i in document.instruments if i.ran] == ["a", "b"]
    assert document.levels["seen"] == 3
    assert {"a", "b", "asking the subject"} <= set(document.to_json()["seconds"])
