"""What seeds come to: intervals, failures, differences."""

import numpy as np
import pytest
from scipy import stats

from mesascope.core.statistics import difference_of_means, mean_over_seeds
from mesascope.studies.across import differences, holm, permutation_p
from mesascope.studies.document import failure, study_results
from mesascope.studies.readouts import limits, readout, usual
from mesascope.studies.spec import Spec


def test_student_interval_is_scipys_and_is_cut_to_what_can_be():
    values = np.array([0.2, 0.4, 0.5, 0.3])
    found = mean_over_seeds(values)
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    np.testing.assert_allclose(found.interval, (low, high))
    assert mean_over_seeds(values, least=0.25).interval == (0.25, high)
    assert np.isnan(mean_over_seeds(values[:1]).interval).all()
    assert np.isnan(mean_over_seeds(values[:0]).value)


def test_student_interval_covers():
    draws = np.random.default_rng(0).normal(size=(2_000, 4))
    covered = [(i := mean_over_seeds(row).interval).low <= 0 <= i.high for row in draws]
    assert 0.93 < np.mean(covered) < 0.97


def test_a_difference_is_found_and_none_is_not():
    rng = np.random.default_rng(1)
    apart = [rng.normal(m, 0.1, 5) for m in (0.0, 1.0)]
    assert permutation_p(apart, shuffles=999) < 0.02
    alike = [permutation_p(list(rng.normal(size=(2, 4))), shuffles=199) for _ in range(200)]
    assert np.mean(np.array(alike) <= 0.1) < 0.17, "labels that mean nothing are called so at the rate promised"
    assert permutation_p([np.ones(3), np.ones(3)]) == 1.0
    assert np.isnan(permutation_p([np.ones(3)]))
    assert np.isnan(permutation_p([np.ones(1), np.zeros(1)]))


def test_permutations_are_those_of_a_slow_twin():
    """All deals of four values to two conditions, one after another."""
    from itertools import permutations

    values = np.array([0.1, 0.4, 0.9, 0.7, 0.2])

    def between(order):
        a, b = order[:2], order[2:]
        return 2 * (a.mean() - values.mean()) ** 2 + 3 * (b.mean() - values.mean()) ** 2

    every = [between(values[list(p)]) for p in permutations(range(5))]
    exact = np.mean([e >= between(values) - 1e-12 for e in every])
    assert permutation_p([values[:2], values[2:]]) == pytest.approx(exact, abs=0.02)


def test_holm():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    found = holm([float("nan"), 0.5, 0.6])
    assert np.isnan(found[0])
    assert found[1:] == [1.0, 1.0]


def test_welch_is_scipys():
    a, b = np.array([0.1, 0.4, 0.2]), np.array([0.9, 0.5, 0.6, 0.8])
    found = difference_of_means(a, b)
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    np.testing.assert_allclose(found.interval, (expected.low, expected.high))
    assert found.value == pytest.approx(a.mean() - b.mean())


def row(condition, seed, red, share):
    return {
        "condition": condition,
        "seed": seed,
        "settings": {},
        "world": {"shifts": {"blue-door": ""}, "features": ["door", "red"], "intended_goal": {"door": 1.0}},
        "returns": {"training": {"subject": share, "uniform": 0.1, "optimal": 1.0}},
        "competence": {"training": {"base": {"value": share, "interval": [0, 1]}}},
        "behavior": {
            "blue-door": {
                "door": {"offered": True, "rate": 0.9 - red, "interval": [0, 1], "exact": None},
                "red": {"offered": True, "rate": 0.0, "interval": [0, 1], "exact": {"value": red, "interval": [0, 1]}},
                "green": {"offered": False, "rate": None, "interval": None, "exact": None},
                "nothing": {"offered": True, "rate": 0.1, "interval": [0, 1], "exact": None},
            }
        },
        "behavioral_objective": {"weights": {"red": {"mean": 0.5, "interval": [0, 1]}}},
    }


ROWS = [
    *(row("a", s, 0.1 * s, 0.97) for s in range(3)),
    row("a", 3, 0.9, 0.5),
    *(row("b", s, 0.8, 0.99) for s in range(2)),
]


def test_readouts_prefer_what_is_exact():
    assert readout(ROWS[1], "blue-door/red") == 0.1
    assert readout(ROWS[1], "blue-door/door") == pytest.approx(0.8)
    assert readout(ROWS[1], "weight/red") == 0.5
    assert readout(ROWS[1], "training/share") == 0.97
    assert readout(ROWS[1], "training/competence") == 0.97
    assert readout(ROWS[1], "larger/red") is None
    assert limits("weight/red")[0] < -1
    assert usual(ROWS) == ["training/competence", *(f"blue-door/{e}" for e in ("door", "red", "nothing"))]


def test_failures_are_listed_and_averaged_in_nowhere():
    document = study_results(Spec(title="T", reference="a", show=["blue-door/red"]), ROWS, "mesascope study x")
    a, b = document["conditions"]
    assert (a["seeds"], a["averaged"], a["competent"]) == ([0, 1, 2, 3], [0, 1, 2], 3)
    assert a["readouts"]["blue-door/red"].value == pytest.approx(0.1)
    assert a["each"]["blue-door/red"] == pytest.approx([0.0, 0.1, 0.2])
    assert list(a["capability_failures"]) == ["3"]
    assert "0.500 of the optimal training return (needs 0.95)" in a["capability_failures"]["3"]
    assert a["share_of_all"].value == pytest.approx((3 * 0.97 + 0.5) / 4), "of this one quantity all seeds are counted"
    assert b["competent"] == 2
    (difference,) = document["differences"]
    assert (difference.seeds, difference.conditions) == (5, 2)
    assert document["against_reference"]["blue-door/red"]["b"].value == pytest.approx(0.7)
    assert failure({"failed": "it blew up"}, 0.0) == "it blew up"
    assert failure({}, 0.5) == "its return in training was not measured"


def test_a_seed_that_diverged_comes_first_and_hides_nothing():
    """The row of a failed training has no findings; what is shown and said of the condition comes from the others."""
    named = {"training": {"architecture": ["glance", {}]}, "agent": {"bits": 3}}
    rows = [{**found, **named} for found in ROWS if found["condition"] == "b"]
    broken = {k: v for k, v in {**rows[0], **named}.items() if k in ("condition", "settings", "world", *named)}
    diverged = {**broken, "seed": 7, "failed": "its weights are not finite"}
    (condition,) = study_results(Spec(title="T"), [diverged, *rows], "")["conditions"]
    assert condition["capability_failures"] == {"7": "its weights are not finite"}
    assert (condition["seeds"], condition["averaged"]) == ([7, 0, 1], [0, 1])
    assert (condition["training"], condition["agent"]) == (named["training"], named["agent"])
    assert condition["readouts"].keys() == set(usual(rows))
    assert condition["readouts"]["blue-door/red"].value == 0.8
    (alone,) = study_results(Spec(title="T"), [diverged], "")["conditions"]
    assert (alone["competent"], list(alone["readouts"])) == (0, ["training/competence"])


def arranged(condition, seed, red, nonzero, trained=None):
    own = {} if trained is None else {"trained": trained}
    return {**row(condition, seed, red, 0.97), "net": {"nonzero": nonzero, "parameters": 9, "ticks": 4}, **own}


def test_what_the_experimenter_set_is_shown_and_not_tested():
    rows = [arranged(c, s, 0.1 * s, share) for c, share in (("a", 1.0), ("b", 0.5)) for s in range(3)]
    shown = ["blue-door/red", "net/nonzero", "net/parameters", "net/ticks"]
    document = study_results(Spec(title="T", show=shown), rows, "")
    tested = {found.readout: found for found in document["differences"]}
    assert tested.keys() == {"blue-door/red", "net/ticks"}
    assert tested["blue-door/red"].adjusted == min(1.0, 2 * tested["blue-door/red"].p)
    assert document["conditions"][1]["readouts"]["net/nonzero"].value == 0.5


def test_the_same_agents_treated_are_compared_pair_by_pair():
    rng = np.random.default_rng(0)
    before = rng.normal(0.5, 0.1, 5)
    less = rng.normal(0.02, 0.005, 5)
    rows = [arranged("plain", s, before[s], 1.0, f"trainings/{s}") for s in range(5)]
    treated = [arranged("half", s, before[s] - less[s], 0.5, f"trainings/{s}") for s in range(5)]
    spec = Spec(title="T", reference="plain", show=["blue-door/red"])

    def against(rows):
        return study_results(spec, rows, "")["against_reference"]["blue-door/red"]["half"]

    def improvement(rows):
        return study_results(spec, rows, "")["robust"]["blue-door/red"]["half"]["improvement"]

    paired = against([*rows, *treated])
    expected = stats.ttest_1samp(-less, 0).confidence_interval(0.95)
    np.testing.assert_allclose(paired.interval, expected, atol=1e-12)
    others = [{**found, "trained": f"trainings/{found['seed'] + 9}"} for found in treated]
    welch = difference_of_means(before - less, before)
    assert against([*rows, *others]) == welch
    assert against([*rows, {**treated[0], "trained": "x"}, *treated[1:]]) == welch, "all pairs, or none"
    assert improvement([*rows, *treated]) is None, "that is a chance of two trainings"
    assert improvement([*rows, *others]).value < 0.5
    assert paired.interval.high - paired.interval.low < (welch.interval.high - welch.interval.low) / 5


def test_every_readout_compared_is_counted_in():
    groups = [np.array([0.0, 0.1, 0.2]), np.array([0.9, 0.8, 1.0])]
    (alone,) = differences({"x": groups})
    several = differences({"x": groups, "y": groups, "z": groups})
    assert several[0].p == alone.p
    assert several[0].adjusted == pytest.approx(3 * alone.p)
