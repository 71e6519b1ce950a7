"""Where compiled programs are kept."""

import pytest

from mesascope.cli.compiled import VARIABLE, keep_compiled


def test_a_folder_of_ones_own_below_the_users_cache(tmp_path):
    env = {"XDG_CACHE_HOME": str(tmp_path)}
    folder = keep_compiled(env)
    assert folder == env["JAX_COMPILATION_CACHE_DIR"]
    assert folder.startswith(str(tmp_path / "mesascope" / "xla"))


def test_the_variable_names_it(tmp_path):
    env = {VARIABLE: str(tmp_path / "mine")}
    assert keep_compiled(env).startswith(str(tmp_path / "mine"))
    assert (tmp_path / "mine").is_dir()


@pytest.mark.parametrize("text", ["off", "OFF", "0", "", "no"])
def test_the_variable_turns_it_off(text):
    env = {VARIABLE: text}
    assert keep_compiled(env) == f"off ({VARIABLE})"
    assert env == {VARIABLE: text}


def test_what_was_set_for_jax_is_left_alone(tmp_path):
    env = {"JAX_COMPILATION_CACHE_DIR": "theirs", "XDG_CACHE_HOME": str(tmp_path)}
    assert keep_compiled(env) == "theirs"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_no_failure(tmp_path):
    (tmp_path / "file").touch()
    env = {"XDG_CACHE_HOME": str(tmp_path / "file")}
    assert keep_compiled(env).startswith("off (cannot write ")
    assert "JAX_COMPILATION_CACHE_DIR" not in env
