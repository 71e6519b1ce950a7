"""Study files: what is read, and the one line that says what does not fit."""

import pytest

from mesascope.core.errors import UsageError
from mesascope.studies.cells import cells_of, label, merged, with_tasks
from mesascope.studies.spec import read_spec

HEAD = 'title = "T"\nlevels = 20\n[world]\nsize = 5\n'


def cells(text):
    return cells_of(read_spec(text.encode()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "expected TOML"),
        ("seeds = 2", "the key 'title' is missing"),
        ('title = "T"\nsedds = 2', "unknown key 'sedds': did you mean 'seeds'?"),
        ('title = "T"\nseeds = "2"', "the key 'seeds' is '2'"),
        ('title = "T"\nseeds = 0', "the key 'seeds' is 0"),
        ('title = "T"\ncompetent = 1.5', "the key 'competent' is 1.5"),
        ('title = "T"\n[world]\nsize = [5]', "the key 'world.size' holds a list"),
        ('title = "T"\n[world]\nsize = true', "the key 'world.size' is True"),
        ('title = "T"\ndepth = "deep"', "the key 'depth' is 'deep'"),
        ('title = "T"\n[[condition]]\nnme = "a"', r"unknown key in \[condition\] 'nme': did you mean 'name'?"),
        ('title = "T"\n[grid.wrld]\nsize = [5]', r"unknown key in \[grid\] 'wrld': did you mean 'world'?"),
        ('title = "T"\n[grid.world]\nsize = 5', "the key 'grid.world.size' is 5"),
        ('title = "T"\n[grid.world]\nsize = []', "the key 'grid.world.size' holds a list"),
        (HEAD + "sise = 7", "unknown config key of red-doors 'sise': did you mean 'size'?"),
        (HEAD + '[architecture]\nname = "glanse"', "unknown architecture 'glanse': did you mean 'glance'?"),
        (
            HEAD + "[architecture]\nchanels = 3",
            "unknown option of architecture 'glance' 'chanels': did you mean 'channels'?",
        ),
        (HEAD + "[grid.base_optimizer]\nupdtes = [3]", "did you mean 'updates'?"),
        (HEAD + "[agent]\nbit = 3", "unknown option of the agent 'bit': did you mean 'bits'?"),
        (HEAD + "[base_optimizer]\ntasks = 40", "expected a multiple of the batch, 32"),
        (HEAD + "[base_optimizer]\ntasks = 8\nbatches = 2", "say the same"),
        (HEAD + '[[condition]]\nname = "a"\n[[condition]]\nname = "a"', "'a' stands twice"),
        (HEAD + '[[condition]]\nname = "a"\nsubject = "organism:planer"', "did you mean 'planner'?"),
        (HEAD + '[[condition]]\nname = "a"\nsubject = "python:os:system"', "expected organism:NAME"),
        (HEAD + '[[condition]]\nname = "a"\nsubject = "organism:planner"\nagent = { bits = 3 }', "is not trained"),
        (
            'shifts = ["blue-dor"]\n' + HEAD,
            "unknown shift of red-doors in 'shifts' 'blue-dor': did you mean 'blue-door'?",
        ),
        (
            'show = ["blue-door/rde"]\n' + HEAD,
            "unknown readout in 'show' 'blue-door/rde': did you mean 'blue-door/red'?",
        ),
        (
            'depth = "quick"\nshifts = ["blue-door"]\n' + HEAD,
            "'shifts' at depth 'quick': an audit runs all of the world's",
        ),
        ('depth = "full"\nshifts = []\n' + HEAD, "'shifts' at depth 'full': an audit runs all of the world's"),
        ('show = ["weight/red"]\n' + HEAD, "'weight/red' in 'show': at depth 'behavior' no objective is inferred"),
        (
            'depth = "objective"\nshow = ["weight/rde"]\n' + HEAD,
            "unknown readout in 'show' 'weight/rde': did you mean 'weight/red'?",
        ),
        (
            'depth = "objective"\nshow = ["weight/red"]\n'
            + HEAD
            + '[architecture]\nname = "conv-lstm"\n[base_optimizer]\nname = "walked-imitation"',
            "the agents of condition 'all' are recurrent, and no",
        ),
        (
            'depth = "quick"\nshow = ["weight/red"]\n'
            + HEAD
            + '[[condition]]\nname = "a"\nsubject = "organism:walking-planner"',
            "the agents of condition 'a' are recurrent, and no",
        ),
        (
            HEAD + '[base_optimizer]\nname = "prioritized-replay"\ntasks = 64',
            "batches 2: prioritized-replay draws fresh",
        ),
        (
            HEAD + '[base_optimizer]\nname = "prioritized-replay"\n[architecture]\nname = "table"',
            "batches 8: prioritized-replay draws fresh levels",
        ),
        (
            'title = "T"\n[world]\nname = "keys-and-chests"\n[architecture]\nname = "given-search"',
            "given-search takes every object for the end of an episode, and in keys-and-chests objects are picked up",
        ),
        (
            'title = "T"\n[world]\nname = "coin"\nmovement = "turn"',
            r"coin has 3 actions \(left, right, forward\), and the architectures here answer with 4",
        ),
        (
            'title = "T"\n[world]\nname = "keys-and-chests-partial"',
            "keys-and-chests-partial shows agents the view egocentric-5, state by state",
        ),
        ("first_seed = 4294967295\nseeds = 2\n" + HEAD, "seed 4294967296: seeds run from 0 to 4294967295"),
        (HEAD + '[[condition]]\nname = "a"\nfirst_seed = 4294967295', "seed 4294967299: seeds run from 0"),
        (
            HEAD + "[grid.world]\nalpha = [0, 0.0]",
            "the grid's 'alpha 0' and 'alpha 0.0' are the same training and treatment",
        ),
        (HEAD + "[grid.world]\nalpha = [0.1, 0.2, 0.1]", "'alpha 0.1' and 'alpha 0.1' are the same"),
        (HEAD + '[grid.world]\nalpha = [0, "0"]', "'alpha 0' and 'alpha 0' are the same"),
        (HEAD + "[grid.world]\nalpha = [0.0, -0.0]", "are the same training"),
        (
            HEAD + "[grid.base_optimizer]\nlearning_rate = [0.1, 1, 1.0]",
            "'learning rate 1' and 'learning rate 1.0' are the same",
        ),
        ('reference = "b"\n' + HEAD + '[[condition]]\nname = "a"', "unknown condition in 'reference' 'b'"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(text, message):
    with pytest.raises(UsageError, match=message) as error:
        cells(text)
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 2


def test_bytes_that_are_no_text():
    with pytest.raises(UsageError, match="byte 1 is not UTF-8"):
        read_spec(b"a\xff")


FULL = (
    'seeds = 2\nreference = "pg, alpha 0"\n'
    + HEAD
    + """
[base_optimizer]
updates = 9
[[condition]]
name = "pg"
[[condition]]
name = "evolution"
seeds = 3
first_seed = 7
[condition.base_optimizer]
name = "evolution"
population = 4
[grid.world]
alpha = [0, 0.5]
[grid.agent]
bits = [0, 3]
"""
)


def test_conditions_times_grid_times_seeds():
    found = cells(FULL.replace("pg, alpha 0", "pg, alpha 0, bits 0"))
    names = list(dict.fromkeys(cell.condition for cell in found))
    assert names == [f"{n}, alpha {a}, bits {b}" for n in ("pg", "evolution") for a in (0, 0.5) for b in (0, 3)]
    assert [c.seed for c in found if c.condition == names[0]] == [0, 1]
    assert [c.seed for c in found if c.condition == names[-1]] == [7, 8, 9]
    first, last = found[0], found[-1]
    assert first.training.base_optimizer_config["updates"] == 9
    assert last.training.base_optimizer_config["updates"] == 2_000, (
        "options of another base optimizer mean nothing to this one"
    )
    assert (last.training.world.alpha, last.agent["bits"]) == (0.5, 3)
    assert len({cell.fingerprint for cell in found}) == len(found)
    shared = [c for c in found if c.condition.startswith("pg, alpha 0,") and c.seed == 0]
    assert len({c.training.fingerprint(0) for c in shared}) == 1, "treatments share their training"


def test_a_study_of_one_condition():
    (cell,) = cells("seeds = 1\n" + HEAD)
    assert (cell.condition, cell.settings, cell.seed) == ("all", {}, 0)
    assert cell.training.architecture == "glance"


def test_a_byte_order_mark_and_foreign_line_ends_are_read_alike():
    assert read_spec(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode()) == read_spec(HEAD.encode())


def test_tables_are_laid_over_each_other():
    below = {"world": {"size": 5, "alpha": 0.1}, "base_optimizer": {"name": "ppo", "steps": 4}}
    above = {"world": {"size": 7}, "base_optimizer": {"name": "imitation"}}
    found = merged(below, above)
    assert found["world"] == {"size": 7, "alpha": 0.1}
    assert found["base_optimizer"] == {"name": "imitation"}
    assert merged(below, {"base_optimizer": {"name": "ppo", "epochs": 1}})["base_optimizer"] == {
        "name": "ppo",
        "steps": 4,
        "epochs": 1,
    }


def test_labels_name_what_is_varied():
    assert label("all", {"base_optimizer.tasks": 8, "architecture.name": "recall"}) == "tasks 8, architecture recall"
    assert label("a", {"base_optimizer.learning_rate": 0.1}) == "a, learning rate 0.1"


@pytest.mark.parametrize(("tasks", "batch", "batches"), [(4, 4, 1), (32, 32, 1), (128, 32, 4)])
def test_tasks_are_as_many_different_levels(tasks, batch, batches):
    assert with_tasks("imitation", {"tasks": tasks}) == {"batch": batch, "batches": batches}
    assert batch * batches == tasks


def test_no_tasks_are_fresh_levels():
    assert with_tasks("imitation", {"tasks": 0, "updates": 3}) == {"updates": 3}


@pytest.mark.parametrize("depth", ["objective", "quick", "full"])
def test_weights_are_shown_where_an_objective_is_inferred(depth):
    (cell,) = cells(f'depth = "{depth}"\nseeds = 1\nshow = ["weight/red"]\n' + HEAD)
    assert cell.look.depth == depth
