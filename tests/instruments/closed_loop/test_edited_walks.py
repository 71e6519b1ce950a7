"""Edited walks against a twin written out step by step; edits that change nothing; what pauses do not change."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import EditError
from mesascope.core.rng import named_key
from mesascope.core.rollouts import draw_starts, rollout
from mesascope.core.subject import AbstractSubject, Site
from mesascope.instruments.interventions.episodes import EvaluationBatch, walk_edited
from mesascope.instruments.interventions.patches import patch_of
from mesascope.instruments.interventions.place import Place
from mesascope.learned.stencil import neighborhood
from mesascope.worlds.grids.counterfactuals import add_wall, swap_objects
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
LEVELS, LIMIT, PAUSES, TICKS = 6, 7, 2, 2


class Drift(AbstractSubject):
    """Two maps that drift into each other; a greedy readout where it stands."""

    weight: jax.Array
    ticks: int = eqx.field(static=True, default=TICKS)
    reads_until: int = eqx.field(static=True, default=TICKS)
    recurrent: bool = eqx.field(static=True, default=True)
    sees_until: int = eqx.field(static=True, default=4)

    @property
    def sites(self):
        return (Site("own", 4, "what is thought"), Site("here", 1, "where it stands"))

    def start(self, observation):
        return {"own": jnp.zeros((*observation.shape[:3], 4)), "here": jnp.zeros((*observation.shape[:3], 1))}

    def think(self, state, view, tick):
        seen = jnp.concatenate([neighborhood(state["own"]), view.level, view.here], -1)
        return {"own": jnp.tanh(seen @ self.weight), "here": view.here}

    def act(self, state):
        return 1e5 * (state["own"] * state["here"]).sum((1, 2))


def slow_tick(weight, own, level, cell):
    """One tick of one actor, cell by cell."""
    height, width, _ = own.shape
    new = np.zeros_like(own)
    for row in range(height):
        for column in range(width):
            parts = []
            for down, right in [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]:
                r, c = row + down, column + right
                parts.append(own[r, c] if 0 <= r < height and 0 <= c < width else np.zeros(4))
            here = [1.0 if row * width + column == cell else 0.0]
            new[row, column] = np.tanh(np.concatenate([*parts, level[row, column], here]) @ weight)
    return new


def slow_walk(weight, mdp, shown, donors, start, place, patches):
    """One edited walk, as in `walk_edited` for donors that are written, on one level."""
    copies = [np.zeros((*shown.shape[:2], 4)) for _ in range(2 + len(donors))]
    cell, path, change = start, [], 0.0
    for step in range(PAUSES + LIMIT):
        for tick in range(TICKS):
            for index, level in enumerate((shown, shown, *donors)):
                copies[index] = slow_tick(weight, copies[index], level * (step < 4), cell)
            number = step * TICKS + tick + 1
            if number == place.first or (place.sustained and number > place.first):
                before = copies[0].copy()
                for donor, (where, source) in zip(copies[2:], patches, strict=True):
                    for r, c in np.argwhere(where):
                        copies[0][r, c] = donor.reshape(-1, 4)[source[r, c]]
                change = max(change, np.abs(copies[0] - before).max())
        if step < PAUSES:
            continue
        action = int(copies[0].reshape(-1, 4)[cell].argmax())
        path.append((cell, action))
        cell = int(mdp.successor[cell, action, 0])
        if mdp.terminal[cell]:
            return path, cell, True, change
    return path, cell, False, change


@pytest.fixture(scope="module")
def scene():
    # So small that no two numbers saturate alike.
    subject = Drift(0.4 * jax.random.normal(named_key(5, "weights"), (28, 4)))
    levels = WORLD.draw(named_key(1, "levels"), LEVELS)
    swapped = swap_objects(levels, 0, 1)
    mdp = WORLD.tables(levels)
    start = draw_starts(mdp.initial, named_key(1, "start"))
    ground = EvaluationBatch(mdp, WORLD.observe(levels), start, WORLD.discount, LIMIT, PAUSES)
    return subject, levels, ground, WORLD.observe(swapped)


@pytest.mark.parametrize("first", [3, 4])
@pytest.mark.parametrize("sustained", [False, True])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_is_its_slow_twin(scene, sustained, elsewhere, first):
    """Also with two donors, and in the middle of a step."""
    subject, levels, ground, donor = scene
    place = Place(("own",), first, 0, sustained)
    targets = (levels.cell[:, :2] + 4) % 9 if elsewhere else levels.cell[:, :2]
    walled = WORLD.observe(add_wall(levels, levels.cell[:, 2]))
    donors = (donor, walled)
    patches = (
        patch_of(levels.cell[:, :2], targets, 0, (3, 3)),
        patch_of(levels.cell[:, 2:], levels.cell[:, 2:], 0, (3, 3)),
    )
    found = walk_edited(subject, ground, donors, patches, place, named_key(0, "walk"))
    for level in range(LEVELS):
        mdp = jax.tree.map(lambda t, level=level: np.asarray(t[level]), ground.mdp)
        path, end, ended, change = slow_walk(
            np.asarray(subject.weight, np.float64),
            mdp,
            np.asarray(ground.observation[level], np.float64),
            [np.asarray(donor[level], np.float64) for donor in donors],
            int(ground.start[level]),
            place,
            [(np.asarray(patch.where[level]), np.asarray(patch.source[level])) for patch in patches],
        )
        live = np.asarray(found.walk.live[level])
        assert live.sum() == len(path)
        assert [int(c) for c in found.walk.state[level][live]] == [c for c, _ in path]
        assert [int(a) for a in found.walk.action[level][live]] == [a for _, a in path]
        assert (int(found.walk.end[level]), bool(found.walk.ended[level])) == (end, ended)
        np.testing.assert_allclose(found.change[level], change, atol=1e-4)


def test_an_edit_that_changes_nothing_is_an_error(scene):
    subject, levels, ground, donor = scene
    patch = patch_of(levels.cell[:, :2], levels.cell[:, :2], 1, (3, 3))
    key = named_key(0, "walk")
    with pytest.raises(EditError, match="changed nothing"):
        walk_edited(subject, ground, (ground.observation,), (patch,), Place(("own",), 4, 1, False), key)
    with pytest.raises(EditError, match="changed nothing"):
        walk_edited(subject, ground, (donor,), (patch,), Place(("here",), 4, 1, True), key)
    with pytest.raises(EditError, match="changed nothing"):
        walk_edited(subject, ground, (donor,), (patch,), Place(("own",), 199, 1, True), key)
    with pytest.raises(EditError, match="did you mean 'own'"):
        walk_edited(subject, ground, (donor,), (patch,), Place(("owm",), 4, 1, False), key)


def test_a_random_direction_is_as_long_as_the_edit(scene):
    """Written where the honest copy was, so that its length is the distance that the donor was away."""
    subject, levels, ground, donor = scene
    patch = patch_of(levels.cell[:, :2], levels.cell[:, :2], 1, (3, 3))
    place, key = Place(("own",), 4, 1, False), named_key(0, "walk")
    true = walk_edited(subject, ground, (donor,), (patch,), place, key)
    random = walk_edited(subject, ground, (donor,), (patch,), place, key, random=True)
    # Largest changes of vectors of one length differ by no more than the root of their number of entries.
    ratio = np.asarray(random.change) / np.asarray(true.change)
    assert (ratio > 1 / 6.1).all()
    assert (ratio < 6.1).all()
    np.testing.assert_allclose(random.spread, true.spread, rtol=1e-5)


class Still(Drift):
    """Remembers nothing: prefers by where it stands alone, softly."""

    def think(self, state, view, tick):
        return {"own": view.here * self.weight[0], "here": view.here}

    def act(self, state):
        return state["own"].sum((1, 2))


def test_pauses_do_not_move_the_random_numbers_of_the_moves(scene):
    _, _, ground, _ = scene
    still = Still(scene[0].weight)
    one, other = (
        rollout(still, ground.observation, ground.mdp, ground.start, named_key(4), WORLD.discount, LIMIT, pauses)
        for pauses in (0, 3)
    )
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.asarray(one.live).sum() > LEVELS


def test_what_fires_is_discounted_by_the_moves_before(scene):
    _, _, ground, _ = scene
    walked = rollout(Still(scene[0].weight), ground.observation, ground.mdp, ground.start, named_key(4), 0.5, LIMIT)
    for level in range(LEVELS):
        moves = int(walked.live[level].sum())
        assert bool(walked.ended[level]) == bool(walked.fired[level].sum() > 0)
        if walked.ended[level]:
            assert walked.fired[level].max() == pytest.approx(0.5 ** (moves - 1))
