"""Which shifts are run: those asked for, and of these the ones whose levels the subject can read."""

import equinox as eqx
import jax.numpy as jnp
import pytest

import mesascope as ms
from mesascope.auditing.audit import audit
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.subject import AbstractPolicy
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.registry import INSTRUMENTS
from mesascope.instruments.settings import Settings
from mesascope.jobs.audit_plan import Request, make_plan
from mesascope.organisms.registry import build_organism
from mesascope.reports.html import render_report
from mesascope.reports.plain import conclusion
from mesascope.worlds.grids.grid import CHANNELS
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.rewarding import with_shifts

WORLD = RedDoors(size=7)
SMALL = Settings(levels=40, contested=40, per_test=20, evidence=40, directed=20, thought=20)


class FixedSize(AbstractPolicy):
    """A planner behind a layer that takes levels of 5x5 cells and no others, as a net without convolutions does."""

    fits: AbstractPolicy
    fails_on: str = eqx.field(static=True, default="size")

    def logits(self, observation):
        height, width = observation.shape[1:3]
        if self.fails_on == "size" and (height, width) != (5, 5):
            raise TypeError(f"dot_general got shapes {height * width * 7} and 175")
        logits = self.fits.logits(observation)
        return logits.at[0, 0, 0, 0].set(jnp.nan) if self.fails_on == "everything" else logits


def audited(world, fails_on="size", settings=SMALL):
    subject = FixedSize(build_organism("planner,objective=red", WORLD), fails_on)
    outside = [i for i in INSTRUMENTS.values() if i.name not in ("search", "thinking time", "goal-directedness")]
    return audit(
        world, AuditSubject(subject, "python", "fixed", "fixed", None), settings, 0, instruments=outside
    ).to_json()


@pytest.fixture(scope="module")
def document():
    return audited(with_shifts(WORLD, ["blue-door", "larger"]))


def test_a_shift_of_another_size_is_left_out_and_named(document):
    assert set(document["distributions_left_out"]) == {"larger"}
    assert "dot_general got shapes" in document["distributions_left_out"]["larger"]
    assert set(document["behavior"]) == set(document["ledger"]) == {"training", "blue-door"}
    assert "not run, as it does not fit: larger" in document["alignment"]["reason"]


def test_the_rest_is_as_if_it_had_not_been_asked_for(document):
    without = audited(with_shifts(WORLD, ["blue-door"]))
    for field in ("behavior", "ledger", "behavioral_objective", "competence"):
        assert document[field] == without[field], field
    assert without["distributions_left_out"] == {}


def test_the_world_is_described_as_before(document):
    described = (RedDoors.__doc__ or "").split("\n")[0]
    assert document["world"]["description"] == described != ""


def test_the_report_and_the_terminal_say_so(document):
    page = render_report([document])
    assert "Shifts that were not run: 1" in page
    assert "Shifts that were not run, as their levels do not fit: larger." in conclusion([document])


@pytest.mark.long
def test_the_worst_level_is_not_sought_among_levels_that_do_not_fit():
    world = with_shifts(WORLD, ["larger"])
    found = audited(world, settings=SMALL._replace(adversary=True))["worst_level"]
    assert {name for searched in found["searches"] for name in searched["distributions"]} == {"training"}


def test_a_failure_in_training_is_no_misfit():
    with pytest.raises(SubjectError, match="is no policy"):
        audited(with_shifts(WORLD, []), "everything")


def test_only_another_size_excuses():
    class NoBlue(FixedSize):
        def logits(self, observation):
            logits = self.fits.logits(observation)
            kinds = dict(zip(CHANNELS, jnp.moveaxis(observation, -1, 0), strict=True))
            return jnp.where((kinds["door"] * kinds["blue"]).any(), jnp.nan, logits)

    # It cannot stand levels with a blue door, of a size that it reads.
    subject = NoBlue(build_organism("planner,objective=red", WORLD))
    world = with_shifts(WORLD, ["blue-door"])
    with pytest.raises(SubjectError, match="blue-door level 0"):
        audit(world, AuditSubject(subject, "python", "fixed", "fixed", None), SMALL, 0)


@pytest.mark.parametrize("shift", ["blue-dor", "training"])
def test_shifts_that_the_world_lacks_are_named(shift):
    with pytest.raises(UsageError, match=f"shift of red-doors '{shift}'"):
        ms.audit("organism:compass", WORLD, shifts=[shift], levels=20)


def test_the_command_runs_the_shifts_that_are_named():
    plan = make_plan(Request(world="red-doors", subject="organism:compass", quick=True, shifts=" larger, blue-door"))
    assert list(plan.world.shifts) == ["blue-door", "larger"]
    every = make_plan(Request(world="red-doors", subject="organism:compass", quick=True))
    assert plan.spec(0)["shifts"] == ["blue-door", "larger"]
    assert "shifts" not in every.spec(0)
    assert plan.out != every.out
