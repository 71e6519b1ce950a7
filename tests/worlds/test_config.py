"""The configuration of a world: numbers of any type are the numbers they are."""

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.jsonable import to_json
from mesascope.worlds import red_doors
from mesascope.worlds.grids.red_doors import RedDoors


@pytest.mark.parametrize("size", [np.int64(7), np.uint8(7), np.array(7), 7.0, "7"])
def test_a_world_is_the_same_whatever_type_its_size_came_as(size):
    world = red_doors(size=size)
    assert world == RedDoors(size=7)
    assert type(world.size) is int
    assert to_json(dict(vars(world))) == to_json(dict(vars(RedDoors(size=7))))


@pytest.mark.parametrize("openings", [np.float32(0.5), np.float64(0.5), "5e-1"])
def test_and_its_other_numbers(openings):
    assert red_doors(openings=openings) == RedDoors(openings=0.5)
    assert type(red_doors(openings=openings).openings) is float


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"size": True}, "size 'True': expected a whole number; write e.g. size=9"),
        ({"size": 7.5}, "size '7.5': expected a whole number"),
        ({"size": "large"}, "size 'large': expected a whole number"),
        ({"size": None}, "size 'None': expected a whole number"),
        ({"alpha": np.nan}, "alpha 'nan': expected a number"),
        ({"size": np.int64(4)}, "size 4: a maze has a size from 5 to 25"),
    ],
)
def test_what_is_no_such_number_is_refused_in_words(config, message):
    with pytest.raises(UsageError, match=message):
        red_doors(**config)


@pytest.mark.parametrize("count", [0, True, np.int64(-1)])
def test_a_count_of_levels_is_a_whole_number(count):
    with pytest.raises(UsageError, match=f"{count} levels: expected a whole number from 1 on"):
        RedDoors(size=5).draw(0, count)
