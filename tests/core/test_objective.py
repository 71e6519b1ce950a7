"""Objectives, and the words for what cannot be read."""

import numpy as np
import pytest

from mesascope.core import errors
from mesascope.core.errors import MesascopeError, UsageError, unknown
from mesascope.core.objective import Objective, Role

FEATURES = ("door", "ball", "red", "blue")


@pytest.mark.parametrize(
    ("text", "vector"),
    [
        ("red", (0, 0, 1, 0)),
        ("-red", (0, 0, -1, 0)),
        ("door:1+red:0.5", (1, 0, 0.5, 0)),
        (" door + - red : 2 ", (1, 0, -2, 0)),
        ("red:-3", (0, 0, -3, 0)),
        ("-red:-3", (0, 0, 3, 0)),
        ("red+red:2", (0, 0, 3, 0)),
        ("blue:0", (0, 0, 0, 0)),
        ("red:1e+2", (0, 0, 100, 0)),
        ("red:1E+2+door:1e-2", (0.01, 0, 100, 0)),
        ("red:+2", (0, 0, 2, 0)),
        ("red:.5 + door", (1, 0, 0.5, 0)),
        ("red: 1.e+1 +blue", (0, 0, 10, 1)),
        ("red:1e38", (0, 0, 1e38, 0)),
        ("red:1e-37", (0, 0, 1e-37, 0)),
    ],
)
def test_parse(text, vector):
    objective = Objective.parse(text, FEATURES)
    np.testing.assert_array_equal(objective.vector(FEATURES), np.array(vector, np.float32))
    assert objective.role is Role.HYPOTHESIS
    assert objective.name == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rde", "unknown feature 'rde': did you mean 'red'?"),
        ("RED", "did you mean 'red'?"),
        ("red:fast", "'fast' is not a number; write e.g. red:0.5"),
        ("red:nan", "'nan' is not a number"),
        ("red:inf", "'inf' is not a number"),
        ("", "unknown feature ''"),
        ("red+", "unknown feature ''"),
        ("door:1+bleu", "did you mean 'blue'?"),
        ("red:1e", "'1e' is not a number; write e.g. red:0.5"),
        ("red:1e+", "'1e' is not a number"),
        ("red:1e+door", "'1e' is not a number"),
        ("red:", "'' is not a number; write e.g. red:0.5"),
        ("red:+door", "'' is not a number"),
        ("red:1_0", "'1_0' is not a number"),
        ("red:0x1p3", "'0x1p3' is not a number"),
        ("red:1,door:2", "'1,door:2' is not a number"),
        ("red:1e39", "the weight of 'red' is 1e+39; expected 0 or a size from 1.18e-38 to 3.4e+38"),
        ("red:-1e999", "the weight of 'red' is -inf"),
        ("red:1e-46", "the weight of 'red' is 1e-46"),
        ("red:3e38+red:3e38", "the weight of 'red' is 6e+38"),
    ],
)
def test_parse_says_what_is_wrong(text, message):
    with pytest.raises(UsageError) as caught:
        Objective.parse(text, FEATURES)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_vector_follows_the_order_of_features():
    objective = Objective.of("mixed", Role.BASE, red=0.5, door=-1)
    assert objective.vector(("red", "door")).tolist() == [0.5, -1.0]
    assert objective.vector(("door", "ball", "red")).tolist() == [-1.0, 0.0, 0.5]
    with pytest.raises(UsageError, match="unknown feature 'red'"):
        objective.vector(("door", "ball"))


def test_role_changes_nothing_else():
    objective = Objective.of("door", Role.INTENDED, door=1.0)
    other = objective.as_role(Role.MESA)
    assert (other.name, other.weights, other.role) == (objective.name, objective.weights, Role.MESA)
    assert objective.role is Role.INTENDED


def test_weights_are_finite_and_named_once():
    with pytest.raises(UsageError, match="weight of 'door' is nan"):
        Objective.of("bad", door=float("nan"))
    with pytest.raises(UsageError, match="weight of 'door' is 1e\\+39"):
        Objective.of("bad", door=1e39)
    with pytest.raises(UsageError, match="weighs 'door' more than once"):
        Objective("bad", (("door", 1.0), ("door", 2.0)))


def test_unknown_names_the_nearest():
    assert str(unknown("shift", "blue-dor", ["blue-door", "larger"])) == (
        "unknown shift 'blue-dor': did you mean 'blue-door'?"
    )
    assert str(unknown("shift", "Blue-Door", ["blue-door", "larger"])).endswith("did you mean 'blue-door'?")
    assert str(unknown("shift", "xyz", ["larger", "blue-door"])).endswith("valid names: blue-door, larger")
    assert str(unknown("shift", "x", [])).endswith("there are none to choose from")


def test_every_error_has_its_own_code_and_leaves_with_a_failure():
    kinds = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, MesascopeError)]
    assert len({e.code for e in kinds}) == len(kinds)
    assert all(0 < e.exit_code < 128 for e in kinds)
