"""When the objective read inside contradicts the one read outside."""

from hypothesis import given
from hypothesis import strategies as st

from mesascope.auditing.built_in.objectives import disagree
from mesascope.core.statistics import Estimate, Interval


def weights(**intervals):
    return {name: Estimate((low + high) / 2, Interval(low, high)) for name, (low, high) in intervals.items()}


def test_the_same_order_and_signs_agree():
    inside = weights(door=(0.9, 1.0), red=(-0.5, -0.2))
    assert disagree(inside, weights(door=(0.4, 1.0), red=(-1.0, 0.1))) == []


def test_opposite_signs_beyond_doubt_disagree():
    (said,) = disagree(weights(red=(0.1, 0.3)), weights(red=(-0.4, -0.2)))
    assert said == "red: 0.20 inside, -0.30 outside"
    assert disagree(weights(red=(-0.1, 0.3)), weights(red=(-0.4, -0.2))) == []


def test_opposite_order_beyond_doubt_disagrees():
    inside, outside = weights(door=(0.8, 1.0), red=(0.1, 0.3)), weights(door=(0.1, 0.3), red=(0.8, 1.0))
    assert disagree(inside, outside) == ["door above red inside, below it outside"]
    assert disagree(inside, weights(door=(0.1, 0.85), red=(0.8, 1.0))) == []


def test_a_feature_read_on_one_side_only_contradicts_nothing():
    assert disagree(weights(door=(0.5, 1.0)), weights(red=(-1.0, -0.5))) == []


intervals = st.tuples(st.floats(-2, 2), st.floats(-2, 2)).map(lambda ends: (min(ends), max(ends)))
readings = st.fixed_dictionaries(dict.fromkeys(("door", "red", "blue"), intervals))


@given(readings)
def test_nothing_contradicts_itself(found):
    assert disagree(weights(**found), weights(**found)) == []


@given(readings, readings)
def test_contradiction_is_mutual(first, second):
    one, other = disagree(weights(**first), weights(**second)), disagree(weights(**second), weights(**first))
    assert len(one) == len(other)
