"""Files of prompts and of activations: what is read, and one message for each thing that does not fit."""

import numpy as np
import pytest

from mesascope.adapters.language.activations import read_activations
from mesascope.adapters.language.prompt_file import read_prompt_file
from mesascope.core.errors import UsageError

GOOD = """
choices = [" A", " B"]
prompts = ["one {flag} {stake}", "two {flag} {stake}"]
flag = {on = "watched", off = "alone"}
stake = [{text = "much", pays = true}, {text = "nothing", pays = false}]
"""


def test_a_file_of_prompts_fills_its_slots(tmp_path):
    (tmp_path / "p.toml").write_text(GOOD)
    file = read_prompt_file(tmp_path / "p.toml")
    assert file.write(file.prompts[0], flag="watched", stake="much") == "one watched much"
    assert file.choices == (" A", " B")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{flag} {stake}", "{flag}", r"has the slots \{flag\}, the file says what stands in \{flag\}, \{stake\}"),
        ("flag = {", "flags = {", "flag: Field required"),
        ("off = ", "of = ", "flag.off"),
        ("pays = false", "pays = true", "at least one with pays = true and one with pays = false"),
        ('[" A", " B"]', '[" A"]', "choices"),
        ("choices = ", "choices ", "expected TOML"),
        ("much", "much {odd", "expected TOML|slots"),
    ],
)
def test_what_does_not_fit_in_a_file_of_prompts_is_named(tmp_path, old, new, said):
    (tmp_path / "p.toml").write_text(GOOD.replace(old, new))
    if said == "expected TOML|slots":
        assert read_prompt_file(tmp_path / "p.toml").stake[0].text == "much {odd"  # braces in what is filled in stay
        return
    with pytest.raises(UsageError, match=said):
        read_prompt_file(tmp_path / "p.toml")


def test_a_file_of_prompts_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_prompt_file(tmp_path / "none.toml")


def arrays(**other):
    made = {
        "activations": np.zeros((2, 6, 3)),
        "labels": np.arange(6) % 2,
        "flag": np.arange(6) < 3,
        "group": np.array(["a", "b"] * 3),
    }
    return {**made, **other}


def test_activations_are_read_with_groups_as_numbers(tmp_path):
    np.savez(tmp_path / "a.npz", **arrays())
    found = read_activations(tmp_path / "a.npz")
    assert found.activations.shape == (2, 6, 3)
    assert found.group.tolist() == [0, 1] * 3
    np.savez(tmp_path / "a.npz", **arrays(activations=np.zeros((6, 3), np.float32)))
    assert read_activations(tmp_path / "a.npz").activations.shape == (1, 6, 3)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"labels": np.zeros(5)}, r"labels has shape \(5,\) and activations \(2, 6, 3\)"),
        ({"flag": np.full(6, 2)}, r"flag holds \[2\]; expected 0 and 1"),
        ({"activations": np.full((6, 3), np.nan)}, "NaN or infinity"),
        ({"activations": np.zeros(6)}, r"expected numbers \(prompt, unit\)"),
        ({"contrast_other": np.zeros((2, 4, 3))}, "both or neither"),
        ({"contrast_other": np.zeros((2, 4, 5)), "contrast_base": np.zeros((2, 4, 5))}, "as many layers and units"),
        ({"group": np.array([{}] * 6, object)}, "without Python objects"),
    ],
)
def test_activations_that_do_not_fit_are_named(tmp_path, other, said):
    np.savez(tmp_path / "a.npz", **arrays(**other))
    with pytest.raises(UsageError, match=said):
        read_activations(tmp_path / "a.npz")


def test_activations_without_an_array(tmp_path):
    some = arrays()
    del some["group"]
    np.savez(tmp_path / "a.npz", **some)
    with pytest.raises(UsageError, match="expected the arrays activations, labels, flag, group"):
        read_activations(tmp_path / "a.npz")
