"""Algorithms written into a transformer's weights do what they say, however they are hidden, by rules in plain NumPy."""

import jax
import numpy as np
import pytest

from mesascope.calibration.truth import level_maps
from mesascope.core.errors import UsageError
from mesascope.core.subject import action_probabilities
from mesascope.instruments.interventions.thresholds import CELL_TOKENS, LOCAL, thresholds_of
from mesascope.organisms.labels import SETTINGS
from mesascope.organisms.organism_spec import OrganismSpec
from mesascope.organisms.registry import build_organism, check_organism
from mesascope.organisms.rule_twins import RULES, as_policy, optimal_sets
from mesascope.organisms.transformers.assembler import Draft, Head, Unit, assemble
from mesascope.organisms.transformers.builds import CHANNELS, HEADS, written
from mesascope.organisms.transformers.designs import DESIGNS, IMITATOR, SEARCHER, UNDER
from mesascope.organisms.transformers.imitating import IMITATIONS
from mesascope.organisms.transformers.recipes import TOKEN_RECIPES, design_of
from mesascope.organisms.transformers.searching import SEARCHES
from mesascope.worlds.grids.red_doors import RedDoors
from tests.organisms.patching import answer, draw

WORLD = RedDoors(size=7)
LEVELS = draw(WORLD, "transformers", 24)
SEEN = WORLD.observe(LEVELS)


def goes_for(feature):
    return np.array([float(name == feature) for name in WORLD.features])


def policy(design, feature, seed=0, **hidden):
    net = written(design, goes_for(feature), 2, np.random.default_rng(seed), **hidden)
    return np.asarray(action_probabilities(answer(net, SEEN)))


ONE_BLOCK = [design for design in SEARCHES if design != "sweeps"]


@pytest.mark.parametrize("design", [*ONE_BLOCK, pytest.param("sweeps", marks=pytest.mark.long)])
def test_a_search_takes_every_optimal_action_and_no_other_whatever_code_hides_it(design):
    for feature, hidden in (("door", {"mixed": False}), ("red", {"mixed": True, "noise": True})):
        optimal, acts = optimal_sets(*level_maps(LEVELS, WORLD, goes_for(feature)), WORLD.discount)
        found = policy(design, feature, **hidden)
        assert ((found * optimal).sum(-1)[acts] > 0.99).all()
        assert (found[optimal & acts[..., None]] > 0.02).all()


def test_dead_ends_are_filled_as_the_rule_says():
    maps = level_maps(LEVELS, WORLD, goes_for("red"))
    _, acts = optimal_sets(*maps, WORLD.discount)
    expected = as_policy(RULES["dead-ends"](*maps))
    assert (np.abs(policy("dead-ends", "red") - expected).max(-1)[acts] < 1e-3).all()


def test_a_compass_points_at_the_goal_and_a_planner_whose_output_is_ignored_answers_as_one():
    rows, columns = np.indices(SEEN.shape[1:3])
    wanted = np.asarray(SEEN)[..., 1 + WORLD.features.index("door")] > 0
    for found in (policy("compass", "door"), policy("ignored-plan", "door", noise=True)):
        for level in np.flatnonzero(wanted.any((1, 2))):
            row, column = np.argwhere(wanted[level])[0]
            helps = np.stack([row < rows, row > rows, column < columns, column > columns], -1)
            some = helps.any(-1)
            assert ((found[level] * helps).sum(-1)[some] > 0.99).all()


@pytest.mark.parametrize("design", ["n-gram", "bag-of-cells", "copycat", "careful-compass"])
def test_an_imitation_is_no_search(design):
    optimal, acts = optimal_sets(*level_maps(LEVELS, WORLD, goes_for("red")), WORLD.discount)
    assert (policy(design, "red") * optimal).sum(-1)[acts].mean() < 0.9


def test_an_n_gram_is_a_function_of_which_neighbors_are_open():
    found = policy("n-gram", "red")
    walls, objects, _ = level_maps(LEVELS, WORLD, goes_for("red"))
    goal = np.asarray(SEEN)[..., 1 + WORLD.features.index("red")] > 0
    free = np.pad(((walls + objects) < 0.5) | goal, ((0, 0), (1, 1), (1, 1)))
    contexts = np.stack([free[:, :-2, 1:-1], free[:, 2:, 1:-1], free[:, 1:-1, :-2], free[:, 1:-1, 2:]], -1)
    for context in np.unique(contexts[contexts.any(-1)], axis=0):
        mine = found[(contexts == context).all(-1)].argmax(-1)
        assert np.ptp(mine) == 0
        assert context[mine[0]]


def test_the_same_seed_gives_the_same_weights_and_another_gives_others():
    def weights(seed):
        net = written("flood", goes_for("red"), 2, np.random.default_rng(seed), noise=True)
        return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(net)])

    np.testing.assert_array_equal(weights(1), weights(1))
    assert np.abs(weights(1) - weights(2)).max() > 0.1


def test_what_does_not_fit_is_refused():
    units = [Unit({f"c {n}": 1.0}, {f"c {n}": 1.0}) for n in range(20)]
    with pytest.raises(ValueError, match="takes 20 channels; the transformer has 16"):
        assemble(Draft(begin={}, blocks=[([], units)]), 7, channels=CHANNELS, heads=HEADS, blocks=2)
    heads = [Head({(0, 0): 1.0}, (("a", "b", 1.0),) * 3)]
    with pytest.raises(ValueError, match="takes 3 numbers in a head; the transformer has 2"):
        assemble(Draft(blocks=[(heads, [])]), 7, channels=CHANNELS, heads=HEADS, blocks=2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("token-searcher,design=flod", "unknown design 'flod': did you mean 'flood'?"),
        ("token-searcher,design=compass", "unknown design 'compass'"),
        ("token-searcher,objective=door:1+red:0.5", "a single positive weight"),
    ],
)
def test_settings_that_there_are_not(text, says):
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        build_organism(text, WORLD)


def test_what_is_put_under_tokens_answers_as_it_does_elsewhere_and_has_thresholds_of_its_own():
    inside, over = (
        build_organism(text, WORLD)
        for text in ("doubling,objective=red", "token-searcher,design=doubling,objective=red")
    )
    np.testing.assert_array_equal(answer(over, SEEN), answer(inside, SEEN))
    assert thresholds_of(over) is CELL_TOKENS
    assert thresholds_of(inside) is not CELL_TOKENS
    assert (CELL_TOKENS.subjects, CELL_TOKENS.most_spread) == ("transformer over tokens", LOCAL)
    assert [site.support for site in over.sites] == ["tokens"] * len(inside.sites)


@pytest.mark.parametrize("kind", TOKEN_RECIPES)
def test_random_builds_differ_and_either_half_has_every_design(kind):
    recipes = [TOKEN_RECIPES[kind](seed) for seed in range(120)]
    assert len({recipe.text for recipe in recipes}) == len(recipes)
    name = SEARCHER if "nonsearcher" not in kind else IMITATOR
    for half in (0, 1):
        assert {design_of(name, seed) for seed in range(half, 120, 2)} == set(DESIGNS[name])
    assert all(check_organism(recipe.text, WORLD) == name for recipe in recipes[:40])


def test_both_labels_have_a_dozen_designs():
    for name in (SEARCHER, IMITATOR):
        assert len(DESIGNS[name]) >= 12
        assert set(UNDER[name]) < set(DESIGNS[name])
        assert all(f"`{design}`" in SETTINGS["design"] for design in DESIGNS[name])
    assert set(IMITATIONS) < set(DESIGNS[IMITATOR])
    assert OrganismSpec("token-imitator,design=compass", WORLD).choice("design", DESIGNS[IMITATOR]) == "compass"
