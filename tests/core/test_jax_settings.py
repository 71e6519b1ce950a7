"""Settings of JAX under which a seed would mean something else are refused before anything is drawn or solved."""

import jax
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.jax_settings import check_jax_settings
from mesascope.core.rng import named_key
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.text import parse_level

LEVEL = "#####\n#R.b#\n#...#\n#####"


@pytest.fixture
def double():
    with jax.enable_x64(True):
        yield


def test_double_precision_is_refused_with_what_to_type(double):
    with pytest.raises(UsageError, match="jax_enable_x64 is True.* type JAX_ENABLE_X64=0 .*jax.config.update"):
        named_key(0, "levels")


@pytest.mark.parametrize(
    "use", [lambda: RedDoors(size=5).draw(0, 2), lambda: parse_level(LEVEL)], ids=["drawing", "parsing"]
)
def test_no_level_is_made_in_double_precision(double, use):
    with pytest.raises(UsageError, match="jax_enable_x64"):
        use()


def test_no_table_is_made_in_double_precision():
    levels = parse_level(LEVEL)
    with jax.enable_x64(True), pytest.raises(UsageError, match="jax_enable_x64"):
        RedDoors(size=5).tables(levels)


def test_levels_are_what_they_were_once_it_is_switched_off():
    before = named_key(0, "levels")
    with jax.enable_x64(True), pytest.raises(UsageError):
        named_key(0, "levels")
    assert named_key(0, "levels") == before


@pytest.mark.parametrize("value", ["1", "true", "True", "on", "maybe"])
def test_the_environment_is_read_before_jax_is_imported(value):
    with pytest.raises(UsageError, match="type JAX_ENABLE_X64=0"):
        check_jax_settings({"JAX_ENABLE_X64": value})


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("JAX_DEFAULT_PRNG_IMPL", "rbg", "type JAX_DEFAULT_PRNG_IMPL=threefry2x32"),
        ("JAX_THREEFRY_PARTITIONABLE", "0", "type JAX_THREEFRY_PARTITIONABLE=1"),
        ("JAX_NUMPY_DTYPE_PROMOTION", "strict", "type JAX_NUMPY_DTYPE_PROMOTION=standard"),
        ("JAX_NUMPY_RANK_PROMOTION", "raise", "type JAX_NUMPY_RANK_PROMOTION=allow"),
    ],
)
def test_other_settings_are_refused_too(variable, value, message):
    with pytest.raises(UsageError, match=message):
        check_jax_settings({variable: value})


def test_settings_as_they_are_needed_pass():
    check_jax_settings()
    check_jax_settings({})
    check_jax_settings(
        {"JAX_ENABLE_X64": "false", "JAX_DEFAULT_PRNG_IMPL": "threefry2x32", "JAX_THREEFRY_PARTITIONABLE": "1"}
    )
