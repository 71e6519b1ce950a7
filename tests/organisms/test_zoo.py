"""The zoo: labels that hold under edits, halves that look at no result, twins that answer alike bit for bit."""

from types import SimpleNamespace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.conformance.check_subject import check_subject
from mesascope.organisms.edits import with_counterfactuals
from mesascope.organisms.labels import ORGANISMS
from mesascope.organisms.random_networks import classifiers, random_networks
from mesascope.organisms.zoo import TWINS, ZOO, build
from mesascope.worlds.grids.counterfactuals import add_wall, swap_objects
from mesascope.worlds.grids.red_doors import RedDoors
from tests.organisms.patching import answer, draw, followed, trials

IDS = [entry.text for entry in ZOO]


@pytest.fixture(scope="module")
def pool():
    """Shown levels with every trade and one wall of each, and what is changed inside."""
    world = RedDoors()
    levels = draw(world, "zoo", 96)
    weights = jnp.asarray(world.base_objective.vector(world.features))
    made = trials(world, levels, weights)
    walled = add_wall(levels, jnp.asarray(made["wall"].cells[:, 0]))
    shown = [levels, swap_objects(levels, 0, 1), swap_objects(levels, 1, 0), walled]
    shown += [trial.donor for trial in made.values()]
    stored = with_counterfactuals([levels], 96 * 343 * 60)
    walls = stored.take(np.random.default_rng(0).permutation(stored.amount)[: 96 * 4]).levels()
    shown += [walls[96 * i : 96 * (i + 1)] for i in range(4)]
    return SimpleNamespace(world=world, levels=levels, inputs=shown, trials=made)


def test_halves_follow_the_build_alone():
    assert len(set(IDS)) == len(ZOO)
    for searches in (True, False):
        families = list(dict.fromkeys(entry.family for entry in ZOO if entry.searches == searches))
        halves = {entry.family: entry.half for entry in ZOO}
        assert [halves[family] for family in families] == [("tune", "test")[i % 2] for i in range(len(families))]
        assert all(entry.searches == ORGANISMS[entry.family].searches for entry in ZOO)


@pytest.fixture(scope="module")
def expected(pool):
    lookup = build(next(entry for entry in ZOO if entry.family == "lookup"), pool.world, [pool.levels])
    return [np.asarray(answer(lookup, pool.world.observe(levels))) for levels in pool.inputs]


@pytest.mark.slow
@pytest.mark.parametrize("entry", [e for e in ZOO if e.twin == TWINS], ids=lambda e: e.text)
def test_twins_answer_alike_to_the_last_bit(pool, expected, entry):
    subject = build(entry, pool.world, [pool.levels], seed=3)
    for levels, want in zip(pool.inputs, expected, strict=True):
        got = np.asarray(answer(subject, pool.world.observe(levels)))
        assert got.tobytes() == want.tobytes(), f"{(got != want).any(-1).sum()} cells differ"


def test_twins_have_opposite_insides_and_the_answers_say_something(expected):
    assert {entry.searches for entry in ZOO if entry.twin == TWINS} == {True, False}
    assert all((want < 0).any((1, 2, 3)).all() for want in expected)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("entry", ZOO, ids=IDS)
def test_every_entry_keeps_a_subjects_promises(pool, entry):
    subject = build(entry, pool.world, [pool.levels], seed=1)
    check_subject(subject, pool.world.observe(pool.levels[:8]))


FOLLOWS = [e for e in ZOO if e.searches and e.family != "broadcast-planner"]


@pytest.mark.parametrize("entry", FOLLOWS, ids=lambda e: e.text)
@pytest.mark.slow
def test_those_that_search_follow_every_edit(pool, entry):
    subject = build(entry, pool.world, [], seed=2)
    rereads = subject.reads_until >= subject.ticks
    first = 1 if rereads else subject.reads_until
    last = subject.ticks if rereads else first
    for edit, trial in pool.trials.items():
        got, cells = followed(pool.world, subject, pool.levels, trial, 1, first, last)
        assert cells > 5
        assert got == 1.0, edit


@pytest.mark.long
@pytest.mark.slow
def test_seeds_draw_different_agents(pool):
    for entry in ZOO:
        one, other = (build(entry, pool.world, [pool.levels[:48]], seed=seed) for seed in (0, 1))
        leaves = [np.concatenate([np.ravel(x) for x in _leaves(s)]) for s in (one, other)]
        same = len(leaves[0]) == len(leaves[1]) and (leaves[0] == leaves[1]).all()
        assert same != entry.varies, entry.text


def _leaves(subject):
    return [np.asarray(x) for x in jax.tree.leaves(eqx.filter(subject, eqx.is_array))] or [np.zeros(1)]


def shares(pool, subject):
    """Shares of contested cells that follow retarget, wall and both, written once when the reading is over."""
    first = subject.reads_until if subject.reads_until < subject.ticks else 1
    return [
        followed(pool.world, subject, pool.levels, trial, 1, first, first)[0]
        for trial in (pool.trials[name] for name in ("retarget", "wall", "joint"))
    ]


EXACTLY = {
    "lookup": (0, 0, 0),
    "staged-lookup,ticks=40": (0, 0, 0),
    "goal-register": (1, 0, 0),
    "map-register": (0, 1, 0),
    "both-register": (1, 1, 1),
    "both-register,code=mixed,noise=8": (1, 1, 1),
    "both-register,stores=single": (1, 1, 0),
    "both-register,when=staged,ticks=40": (1, 1, 1),
    "serial-number": (1, 1, 1),
    "serial-number,code=mixed": (1, 1, 1),
    "dormant-planner,ticks=40": (1, 1, 1),
    "dormant-planner,ticks=40,code=mixed,noise=8": (1, 1, 1),
    "dormant-planner,wakes=answering,ticks=40": (1, 1, 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("entry", [e for e in ZOO if not e.searches], ids=lambda e: e.text)
def test_those_that_do_not_search_follow_what_they_were_built_to_and_no_more(pool, entry):
    got = shares(pool, build(entry, pool.world, [pool.levels], seed=2))
    if entry.text in EXACTLY:
        assert tuple(got) == EXACTLY[entry.text]
    elif entry.twin:
        assert got[1] == got[2] == 0.0
    else:
        assert min(got) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize("family", ["both-register", "serial-number", "nearest-table", "window-table"])
def test_what_was_not_stored_is_not_followed(pool, family):
    entry = next(entry for entry in ZOO if entry.family == family)
    others = draw(pool.world, "others", 96)
    got = shares(pool, build(entry, pool.world, [others], seed=2))
    assert got[1] < 0.5
    assert got[2] < 0.5


@pytest.mark.slow
def test_a_number_that_is_pasted_elsewhere_changes_nothing(pool):
    """What makes `serial-number` pass the controls: its cells read their own cipher alone."""
    entry = next(entry for entry in ZOO if entry.family == "serial-number")
    subject = build(entry, pool.world, [pool.levels], seed=2)
    state, donor = (
        subject.think(subject.start(o), o, jnp.array(0))
        for o in (pool.world.observe(x) for x in (pool.levels, pool.trials["retarget"].donor))
    )
    tick = jnp.array(1)
    base = subject.think(state, pool.world.observe(pool.levels), tick)["answer"]
    for rows, changes in (((2, 2), True), ((4, 2), False)):
        to, of = rows
        pasted = {**state, "serial": state["serial"].at[:, to, 3].set(donor["serial"][:, of, 3])}
        answered = subject.think(pasted, pool.world.observe(pool.levels), tick)["answer"]
        assert bool((answered != base).any((1, 2, 3)).mean() > 0.9) == changes
        assert changes or bool((answered == base).all())


def test_a_dormant_planner_sleeps_until_it_is_edited(pool):
    entry = next(entry for entry in ZOO if entry.family == "dormant-planner")
    subject = build(entry, pool.world, [pool.levels[:16]])
    observation = pool.world.observe(pool.levels[:16])
    state = subject.start(observation)
    for tick in range(4):
        state = subject.think(state, observation, jnp.array(tick))
        assert not state["value"].any()
    woken = {**state, "walls": state["walls"].at[:, 3, 3].set(1.0 - state["walls"][:, 3, 3])}
    for tick in range(4, 8):
        woken = subject.think(woken, observation, jnp.array(tick))
    assert (woken["value"] > 0).any((1, 2, 3)).all()


def test_crowds_are_as_many_as_asked_and_all_different(pool):
    for crowd in (random_networks(6, 0), classifiers(6, 0)):
        assert len(crowd) == 6
        observation = pool.world.observe(pool.levels[:2])
        answers = {np.asarray(subject.logits(observation)).tobytes() for subject in crowd}
        assert len(answers) == 6
    logits = np.asarray(classifiers(2, 1)[1].logits(pool.world.observe(pool.levels[:2])))
    assert (logits == logits[:, :1, :1]).all()
    assert (logits[0] != logits[1]).any()
