"""Keys and chests: what is drawn, the staged tables against a twin that walks the text, and what agents are shown."""

import functools

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.instruments.episodes import expected_outcome
from mesascope.instruments.search.trials import not_applicable
from mesascope.worlds.grids.keys_and_chests import KeysAndChests, vocabulary_of
from mesascope.worlds.grids.stages import stages_of
from mesascope.worlds.grids.text import parse_levels, print_level, print_levels
from mesascope.worlds.world import TRAINING
from tests.worlds import staged_twin as twin
from tests.worlds import twins

COUNT = 60
NAMES = (TRAINING, *KeysAndChests.shifts)


@functools.cache
def draw(name, **knobs):
    return KeysAndChests(**knobs).draw(named_key(3, "tests", name), COUNT, name)


@eqx.filter_jit
def look(levels):
    return KeysAndChests().tables(levels), KeysAndChests().observe(levels)


@pytest.mark.parametrize("name", NAMES)
def test_levels_hold_as_many_keys_and_chests_as_promised(name):
    levels = draw(name)
    keys, chests = (3, 2) if name == "many-keys" else (2, 3)
    assert np.asarray(levels.shape).tolist() == [[0] * keys + [1] * chests] * COUNT
    assert levels.interior == ((9, 9) if name == "larger" else (5, 5))
    walls, cell = np.asarray(levels.walls), np.asarray(levels.cell)
    for index in range(COUNT):
        assert len(set(cell[index].tolist())) == keys + chests
        assert not walls[index].ravel()[cell[index]].any()
        assert twins.flood(walls[index]) == (~walls[index]).sum()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_in_text(name):
    levels = draw(name)
    text = print_levels(levels)
    parsed = parse_levels(text, vocabulary=levels.vocabulary)
    assert print_levels(parsed) == text
    np.testing.assert_array_equal(parsed.shape, levels.shape)


@pytest.mark.parametrize(("keys", "chests", "stages"), [(1, 1, 2), (1, 3, 2), (2, 3, 13), (3, 2, 22), (3, 3, None)])
def test_every_stage_that_play_can_reach_is_there_and_no_other(keys, chests, stages):
    """Play every order of taking objects on an open floor, by the rules of the twin."""
    text = "\n".join(["#" * 8, "#" + "k" * keys + "h" * chests + "." * (6 - keys - chests) + "#", "#......#", "#" * 8])
    things = twin.objects(text)
    reached, todo = {frozenset()}, [frozenset()]
    while todo:
        gone = todo.pop()
        for thing in things:
            _, after, fired, over = twin.play(text, gone, (thing[0] + 1, thing[1]), (-1, 0))
            if fired and not over and after not in reached:
                reached.add(after)
                todo.append(after)
    found = {frozenset(things[slot] for slot in stage.gone) for stage in stages_of(keys, chests)}
    assert found == reached
    assert stages is None or len(found) == stages


@pytest.mark.parametrize("name", [TRAINING, "many-keys"])
def test_every_step_leads_where_the_twin_leads(name):
    levels = draw(name)[:4]
    mdp, _ = look(levels)
    stages = stages_of(*levels.vocabulary.most)
    successor, features, terminal = (np.asarray(t) for t in (mdp.successor, mdp.features, mdp.terminal))
    for index in range(levels.count):
        text = print_level(levels, index)
        places = twin.cells(text)
        slots = [places[int(cell)] for cell in np.asarray(levels.cell)[index]]
        gone_of = [frozenset(slots[slot] for slot in stage.gone) for stage in stages]
        for number, gone in enumerate(gone_of):
            for cell, place in enumerate(places):
                if text.splitlines()[place[0]][place[1]] == "#":
                    continue
                for action, step in enumerate(twin.STEPS):
                    there, after, fired, over = twin.play(text, gone, place, step)
                    to = int(successor[index, number * len(places) + cell, action, 0])
                    assert to % len(places) == places.index(there)
                    assert terminal[index, to] == over
                    if not over:
                        assert gone_of[to // len(places)] == after
                    told = features[index, number * len(places) + cell, action, 0].tolist()
                    assert told == [float(fired == "key"), float(fired == "chest")]
        starts = {places[int(s)] for s in np.flatnonzero(np.asarray(mdp.initial)[index])}
        assert starts == set(twin.free(text))


@pytest.mark.parametrize(
    ("name", "weights"), [(TRAINING, {"chest": 1.0}), ("many-keys", {"key": 1.0}), ("many-keys", {"chest": 1.0})]
)
def test_optimal_values_are_those_of_slow_sweeps_over_what_may_be_gone(name, weights):
    levels = draw(name)[:4]
    world = KeysAndChests()
    vector = jnp.asarray([weights.get(feature, 0.0) for feature in world.features])
    found = np.asarray(optimal_values(look(levels)[0], vector, world.discount).state)[0]
    text = print_level(levels, 0)
    places = twin.cells(text)
    slow = twin.optimal_values(text, weights, world.discount)
    for start in twin.free(text):
        assert found[places.index(start)] == pytest.approx(slow[start], abs=1e-5)


def test_views_show_what_is_left_and_whether_a_key_is_held():
    levels = draw("many-keys")[:4]
    stages = stages_of(*levels.vocabulary.most)
    seen = np.asarray(look(levels)[1]).reshape(4, len(stages) + 1, 5, 5, 4)
    for index in range(4):
        walls, cell = np.asarray(levels.walls)[index], np.asarray(levels.cell)[index]
        for number, stage in enumerate(stages):
            left = [int(c) for slot, c in enumerate(cell) if slot not in stage.gone]
            view = seen[index, number]
            assert (view[..., 0] == walls).all()
            assert sorted(np.flatnonzero(view[..., 1] + view[..., 2])) == sorted(left)
            assert (view[..., 3] == (stage.held > 0)).all()
        assert not seen[index, -1, ..., 1:].any()


def test_whoever_wants_keys_passes_chests_by_under_the_shift():
    """The proxy is one: optimal for keys takes more of them under `many-keys` than optimal for chests does."""
    world = KeysAndChests()
    mdp, _ = look(draw("many-keys")[:4])
    taken = {}
    for index, name in enumerate(world.features):
        best = uniform_over(optimal_actions(optimal_values(mdp, jnp.eye(2)[index], world.discount).action))
        taken[name] = np.asarray(expected_outcome(mdp, best, 400).fired).mean(0)
    assert taken["key"][0] == pytest.approx(3, abs=1e-3)
    assert taken["chest"][0] < 2.9
    assert taken["chest"][1] == pytest.approx(2, abs=1e-3)


def test_search_does_not_apply():
    assert "answers once for every set of objects" in str(not_applicable(KeysAndChests()))


@pytest.mark.parametrize("knobs", [{"keys": 0}, {"chests": 4}, {"size": 5}, {"openings": 2.0}])
def test_what_the_world_does_not_take(knobs):
    with pytest.raises(UsageError, match=f"{next(iter(knobs))} .*: "):
        KeysAndChests(**knobs)


def test_vocabularies_differ_in_counts_alone():
    assert vocabulary_of(1, 2)._replace(most=(2, 1)) == vocabulary_of(2, 1)


def test_a_pocket_in_which_nothing_can_be_taken_is_no_start_and_what_is_absent_is_not_taken():
    """The first pocket holds nothing and the second a chest alone; the level has a key less than the vocabulary admits."""
    text = "#######\n#.#h#.#\n###.###\n#.###.#\n#..k..#\n#..h.h#\n#######"
    levels = parse_levels(text, vocabulary=vocabulary_of(2, 3))
    mdp = KeysAndChests().tables(levels)
    may = np.flatnonzero(np.asarray(mdp.initial)[0])
    assert [divmod(int(cell), 5) for cell in may] == [
        (2, 0),
        (2, 4),
        (3, 0),
        (3, 1),
        (3, 3),
        (3, 4),
        (4, 0),
        (4, 1),
        (4, 3),
    ]
    key_fires = np.asarray(mdp.features)[0, :25, :, 0, 0]
    reached = np.asarray(mdp.successor)[0, :25, :, 0] % 25
    assert set(reached[key_fires > 0]) == {17}, "the one key there is"
