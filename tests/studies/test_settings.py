"""Conditions of a grid, in pairs and at random."""

import pytest

from mesascope.core.errors import UsageError
from mesascope.studies.cells import cells_of
from mesascope.studies.settings import combinations, settings_of
from mesascope.studies.spec import read_spec


def spec(text):
    return read_spec(f'title = "t"\nseeds = 1\n{text}\n'.encode())


RANDOM = (
    "[random]\ncount = 50\n[random.world]\nalpha = {{ low = 0.0, high = 0.2 }}\nsize = [5, 7]\n"
    "[random.base_optimizer]\nupdates = {{ low = 10, high = 12 }}\n{0}"
)


def test_each_of_the_grid_goes_with_each_pair():
    found = spec(
        "[grid.world]\nalpha = [0.0, 0.1]\n[paired.architecture]\nchannels = [8, 16]\n[paired.base_optimizer]\nupdates = [3, 6]"
    )
    assert [tuple(settings.values()) for settings in settings_of(found)] == [
        (alpha, *pair) for alpha in (0.0, 0.1) for pair in ((8, 3), (16, 6))
    ]
    assert combinations(found) == 4
    names = [cell.condition for cell in cells_of(found)]
    assert names[0] == "alpha 0.0, channels 8, updates 3"
    assert [cell.training.base_optimizer_config["updates"] for cell in cells_of(found)] == [3, 6, 3, 6]


def test_draws_are_within_their_ranges_different_and_the_same_again():
    drawn = settings_of(spec(RANDOM.format("")))
    assert len(drawn) == len({tuple(settings.items()) for settings in drawn}) == 50
    assert drawn == settings_of(spec(RANDOM.format("")))
    assert drawn != settings_of(spec(RANDOM.format("").replace("count = 50", "count = 50\nseed = 1")))
    assert all(0 <= settings["world.alpha"] <= 0.2 for settings in drawn)
    assert {settings["world.size"] for settings in drawn} == {5, 7}
    assert {settings["base_optimizer.updates"] for settings in drawn} == {10, 11, 12}
    assert all(settings["world.alpha"] == float(f"{settings['world.alpha']:.3g}") for settings in drawn)
    assert 0.08 < sum(settings["world.alpha"] for settings in drawn) / 50 < 0.12


def test_an_option_more_moves_no_other():
    before = settings_of(spec(RANDOM.format("")))
    after = settings_of(spec(RANDOM.format("learning_rate = { low = 1e-4, high = 1e-2, log = true }")))
    assert [{**a, **b} for a, b in zip(after, before, strict=True)] == after
    rates = sorted(settings["base_optimizer.learning_rate"] for settings in after)
    assert rates[0] >= 1e-4
    assert 5e-4 < rates[25] < 2e-3, "half lie below the middle of the logarithms"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[paired.world]\nalpha = [0.0, 0.1]\nsize = [5, 7, 9]", "'size' in [paired] has 3 values and 'alpha' has 2"),
        ("[grid.world]\nalpha = [0.0]\n[paired.world]\nalpha = [0.1]", "'alpha' is varied in two tables"),
        ("[random]\ncount = 3\n[random.world]\nsize = [5, 7]", "[random] has 2 different conditions"),
        ("[random]\ncount = 3", "[random] takes a 'count'"),
        ("[random.world]\nsize = [5, 7]", "[random] takes a 'count'"),
        ("[random]\ncount = 3\n[random.world]\nalpha = { low = 1.0, high = 0.0 }", "'low' must be below 'high'"),
        (
            "[random]\ncount = 3\n[random.world]\nalpha = { low = 0.0, high = 1.0, log = true }",
            "'low' must be below 'high'",
        ),
        ("[random]\ncount = 3\n[random.wrld]\nalpha = [1]", "did you mean 'world'"),
        ("[random]\ncount = 10000\n[grid.world]\nalpha = [0.0, 0.1]", "comes to 20000 conditions"),
    ],
)
def test_what_does_not_fit_is_refused(text, says):
    with pytest.raises(UsageError) as caught:
        cells_of(spec(text))
    assert says in str(caught.value)
