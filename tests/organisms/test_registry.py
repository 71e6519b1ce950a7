import dataclasses
import inspect

import pytest

from mesascope.core.errors import UsageError
from mesascope.organisms.registry import ORGANISMS, build_organism, enough_ticks
from mesascope.worlds.grids.red_doors import RedDoors
from tests.organisms.patching import answer, draw

WORLD = RedDoors(size=5)
AT_ONCE = [name for name, organism in ORGANISMS.items() if not organism.recurrent]


SEARCHING = {
    "planner", "ordered-planner", "soft-planner", "distance-planner", "flood", "doubling", "broadcast-planner",
    "late-planner", "readout-planner", "compiled", "policy-planner", "horizon-planner", "random-searcher", "token-searcher",
    "random-token-searcher",
}  # fmt: skip


def test_every_name_builds_and_is_labeled():
    shown = [draw(WORLD, "shown", 8)]
    observation = WORLD.observe(shown[0])
    for name in AT_ONCE:
        subject = build_organism(name, WORLD, shown)
        assert subject.answers_all_states
        assert answer(subject, observation).shape == (*observation.shape[:3], 4)
        assert ORGANISMS[name].searches == (name in SEARCHING)


def test_no_label_on_the_subject():
    labels = {"searches", "has_goal", "what", "built_to", "objective"}
    for name in ORGANISMS:
        subject = build_organism(name, WORLD, [draw(WORLD, "shown", 8)])
        assert not labels & {member for member, _ in inspect.getmembers(type(subject))} | labels & {
            field.name for field in dataclasses.fields(subject)
        }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("plannr", "unknown organism 'plannr': did you mean 'planner'?"),
        ("", "unknown organism ''"),
        ("planner,memry=recall", "unknown key of organism planner 'memry': did you mean 'memory'?"),
        ("planner,memory=recal", "unknown memory 'recal': did you mean 'recall'?"),
        ("planner,objective=rad", "unknown feature 'rad': did you mean 'red'?"),
        ("planner,objective=red:x", "'x' is not a number"),
        ("planner,memory", "'memory' has no value; write memory=VALUE"),
        ("planner,ticks=0", "ticks '0': write a whole number from 1 to 1000"),
        ("planner,ticks=4.5", "ticks '4.5'"),
        ("planner,ticks=5,ticks=6", "'ticks' is given twice"),
        ("lookup,memory=glance", "unknown key of organism lookup 'memory'"),
        ("uniform,objective=red", "takes no settings"),
        ("lookup,rows=many", "rows 'many': write a whole number"),
        ("switch,first=planner", "unknown first 'planner'"),
        ("lookup", "it was shown none"),
        ("goal-register", "it was shown none"),
    ],
)
def test_what_is_wrong_is_named_with_the_nearest_right_thing(text, says):
    with pytest.raises(UsageError) as caught:
        build_organism(text, WORLD)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_colors_cannot_be_pursued_where_none_are_shown():
    hidden = RedDoors(size=5, salience=0.0)
    with pytest.raises(UsageError, match="salience 0"):
        build_organism("compass,objective=red", hidden)
    build_organism("compass,objective=door", hidden)


def test_settings_arrive():
    planner = build_organism("planner, objective=door:1+blue:0.5, ticks=7, memory=recall", WORLD)
    assert planner.weights.tolist() == [1.0, 0.0, 0.0, 0.5, 0.0, 0.0]
    assert (planner.ticks, planner.reads_until) == (7, 7)
    assert build_organism("planner", WORLD).reads_until == 1
    assert enough_ticks(WORLD) == 64
    assert enough_ticks(RedDoors(size=25)) == 125
