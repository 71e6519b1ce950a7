"""What the reports read of a document: the order of shifts, and what a weight says of a feature."""

import json

from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.statistics import Interval
from mesascope.instruments.choice_weights import BEYOND_DOUBT, Weight, features_undecided, features_wanted
from mesascope.reports.plain import answers
from mesascope.reports.reading import readings, telling_shift
from mesascope.worlds.grids.keys_and_chests import KeysAndChests


def test_the_telling_shift_is_the_worlds_first_also_of_a_file_whose_names_are_sorted():
    shifts = KeysAndChests.shifts
    audit = {
        "world": {"shifts": shifts, "shift_order": list(shifts)},
        "behavior": {name: {} for name in ("training", *shifts)},
    }
    kept = json.loads(json.dumps(audit, sort_keys=True))
    assert next(iter(kept["world"]["shifts"])) == "denser"
    assert telling_shift([kept]) == "many-keys"


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=6))
def test_reports_and_instruments_read_a_weight_alike(drawn):
    weights = {
        f"feature {i}": Weight(0.0, Interval(-1.0, 1.0), offered, wanted) for i, (wanted, offered) in enumerate(drawn)
    }
    read = readings({name: weight._asdict() for name, weight in weights.items()})
    assert sorted(read.get("wanted beyond doubt", [])) == sorted(features_wanted(weights))
    assert {*read.get("undecided", []), *read.get("never offered", [])} == set(features_undecided(weights))
    assert sum(map(len, read.values())) == len(weights)


def test_a_feature_that_no_level_at_hand_decides_is_named_in_the_answer():
    def weight(mean, low, high, wanted):
        return {"mean": mean, "interval": [low, high], "offered": True, "wanted": wanted}

    found = {"chest": weight(1.0, 1.0, 1.0, 1.0), "key": weight(0.1, -0.4, 0.6, 0.6)}
    audit = {"behavioral_objective": {"weights": found}, "search": {"verdict": "no-search"}}
    said = answers(audit)[1].sentence
    assert "Not identified by any level at hand: whether key is wanted." in said
    audit["behavioral_objective"] = {"weights": found | {"key": weight(0.5, 0.4, 0.6, BEYOND_DOUBT)}}
    assert "any level at hand" not in answers(audit)[1].sentence
