"""References to other people's agents, taken apart."""

import pytest

from mesascope.adapters.references import names_in, parse_reference, reported_return, yes_or_no
from mesascope.adapters.replay import ReportedReturn
from mesascope.core.errors import UsageError

OPTIONS = ("view", "actions")


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("sb3:a.zip", ("a.zip", {})),
        ("sb3:/a b/c.zip,view=full", ("/a b/c.zip", {"view": "full"})),
        ("sb3:C:\\a.zip,actions=x/y,view=full", ("C:\\a.zip", {"actions": "x/y", "view": "full"})),
        ("sb3:one,two.zip,view=full", ("one,two.zip", {"view": "full"})),
    ],
)
def test_path_and_options(reference, expected):
    assert parse_reference(reference, OPTIONS) == expected


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("sb3:a.zip,veiw=full", "unknown option of sb3: 'veiw': did you mean 'view'"),
        ("sb3:a.zip,view=full,view=map", "view is there twice"),
        ("sb3:", "write sb3:PATH"),
        ("sb3:a.zip,view=full,map", "unknown option of sb3: 'map'"),
    ],
)
def test_what_is_no_reference(reference, message):
    with pytest.raises(UsageError, match=message):
        parse_reference(reference, OPTIONS)


def test_values():
    assert names_in("left/right /forward") == ("left", "right", "forward")
    assert (yes_or_no("x", "true"), yes_or_no("x", "false")) == (True, False)
    with pytest.raises(UsageError, match="x=1: expected true or false"):
        yes_or_no("x", "1")


def test_the_return_that_is_reported():
    assert reported_return({}) is None
    assert reported_return({"expect_return": "0.5"}) == ReportedReturn(0.5)
    given = {"expect_return": "-2", "expect_episodes": "20", "limit": "60"}
    assert reported_return(given) == ReportedReturn(-2.0, 20, 60)
    for name, text in (("expect_return", "much"), ("expect_return", "nan"), ("limit", "0"), ("expect_episodes", "1.5")):
        with pytest.raises(UsageError, match=f"{name}={text}: expected a"):
            reported_return({"expect_return": "1", name: text})
