"""Numbers that things are built from: what is taken, and what is said of the rest."""

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.options import Option, read_options

OPTIONS = {"channels": Option(24, 1, 512, "channels"), "rate": Option(0.5, 0.0, 1.0, "rate")}


@pytest.mark.parametrize("kind", [int, np.int8, np.uint16, np.int64])
def test_whole_numbers_of_any_type_are_taken_as_the_numbers_they_are(kind):
    found = read_options("x", {"channels": kind(8)}, OPTIONS)
    assert found == {"channels": 8, "rate": 0.5}
    assert type(found["channels"]) is int


@pytest.mark.parametrize("kind", [float, np.float16, np.float32, np.float64])
def test_other_numbers_as_well(kind):
    found = read_options("x", {"rate": kind(0.25)}, OPTIONS)["rate"]
    assert (type(found), found) == (float, 0.25)


@pytest.mark.parametrize(
    "given", [{"channels": True}, {"channels": 8.0}, {"channels": np.float32(8)}, {"channels": np.int64(513)}]
)
def test_what_does_not_fit_is_refused(given):
    with pytest.raises(UsageError, match=r"option 'channels' of x is .*: it takes an integer from 1 to 512"):
        read_options("x", given, OPTIONS)


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(UsageError, match="option 'rate' of x is nan: it takes a number from 0.0 to 1.0"):
        read_options("x", {"rate": np.float32("nan")}, OPTIONS)
