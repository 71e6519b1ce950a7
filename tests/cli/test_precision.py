"""How finely a command multiplies."""

from mesascope.cli.precision import ask_for_single_precision


def test_single_precision_is_asked_for():
    env: dict[str, str] = {}
    ask_for_single_precision(env)
    assert env == {"JAX_DEFAULT_MATMUL_PRECISION": "float32"}


def test_what_the_user_asked_for_stays():
    env = {"JAX_DEFAULT_MATMUL_PRECISION": "tensorfloat32"}
    ask_for_single_precision(env)
    assert env == {"JAX_DEFAULT_MATMUL_PRECISION": "tensorfloat32"}
