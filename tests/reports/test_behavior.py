import re

import pytest

from mesascope.reports.html.behavior import behavior


def bars(value):
    """Widths of the bars of an event that happens `value` times, and of one that happens half a time."""
    audit = {
        "behavior": {
            name: {"swept": {"value": often, "interval": [often, often]}}
            for name, often in (("training", value), ("loose-bag", 0.5))
        }
    }
    return [float(width) for width in re.findall(r'<rect[^>]*width="([\d.]+)"', str(behavior(audit, "a")))]


@pytest.mark.parametrize("value", [0.9, 8.6, 40.0])
def test_bars_are_as_long_as_events_are_many(value):
    often, half = bars(value)
    assert often / half == pytest.approx(value / 0.5, rel=0.05)


def test_shares_are_all_drawn_on_one_scale():
    assert bars(0.9)[1] == bars(0.3)[1] == bars(1.1)[1]
