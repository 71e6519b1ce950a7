"""Results as JSON."""

import dataclasses
import json
from typing import NamedTuple

import equinox as eqx
import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.jsonable import to_json
from mesascope.core.ledger import Gap
from mesascope.core.objective import Objective, Role
from mesascope.core.statistics import Estimate, Interval, rate_of


class Nested(NamedTuple):
    """A result that holds all kinds of things."""

    inner: object
    names: tuple[str, ...] = ("a", "b")


@dataclasses.dataclass(frozen=True)
class Card:
    """A dataclass with a field of each kind."""

    role: Role
    value: float


class Module(eqx.Module):
    """A module: a dataclass with arrays and a static field."""

    weights: jax.Array
    name: str = eqx.field(static=True, default="m")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (np.bool_(False), False),
        (3, 3),
        (np.int64(3), 3),
        (jnp.int32(3), 3),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (jnp.bfloat16(1.5), 1.5),
        (jnp.array(0.25), 0.25),
        (float("nan"), None),
        (np.float64("nan"), None),
        (float("-inf"), None),
        (np.array([1.0, np.nan, np.inf]), [1.0, None, None]),
        (np.array(np.nan), None),
        (jnp.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (np.zeros((0, 3)), []),
        (np.array([True, False]), [True, False]),
        (np.array(["x", "y"]), ["x", "y"]),
        (Role.MESA, "mesa-objective"),
        ({"a": (1, [2.0])}, {"a": [1, [2.0]]}),
        ({Role.BASE: 1}, {"base objective": 1}),
        pytest.param({"b", "a"}, ["a", "b"], id="set"),  # its text differs from process to process
        (
            Nested(Card(Role.BASE, float("inf"))),
            {"inner": {"role": "base objective", "value": None}, "names": ["a", "b"]},
        ),
        (Module(jnp.ones(2)), {"weights": [1.0, 1.0], "name": "m"}),
        (Objective.of("d", door=1), {"name": "d", "weights": [["door", 1.0]], "role": "hypothesis"}),
    ],
    ids=repr,
)
def test_values(value, expected):
    found = to_json(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found, allow_nan=False)


def test_results_of_core():
    found = to_json({"rate": rate_of(1, 2), "gap": Gap(1.0, 0.5, 2.0, float("nan"))})
    assert [type(end) for end in found["rate"]["interval"]] == [float, float]
    assert found["gap"] == {"value": 1.0, "least": 0.5, "greatest": 2.0, "share": None}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "value is a object"),
        ({"a": [1, b"x"]}, r"value\.a\[1\] is a bytes"),
        ({1: "x"}, "value has the key 1"),
        (Nested(1j), r"value\.inner is a complex"),
        (np.array([1j]), "array of complex128"),
        (jax.random.key(0), "array of key"),
        (Card, "value is a type"),
    ],
    ids=["object", "bytes", "key", "complex", "complex array", "random key", "class"],
)
def test_what_json_cannot_hold_is_named(value, message):
    with pytest.raises(TypeError, match=message):
        to_json(value)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
@given(plain)
def test_plain_values_stay_as_they_are(value):
    assert to_json(value) == value
    assert json.loads(json.dumps(to_json(value), allow_nan=False)) == value


def test_an_interval_is_a_pair_also_inside_of_other_results():
    found = to_json(Estimate(0.5, Interval(0.25, float("nan"))))
    assert found == {"value": 0.5, "interval": [0.25, None]}
