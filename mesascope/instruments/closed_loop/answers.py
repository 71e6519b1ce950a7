"""What an agent with a memory answers on fresh levels: how it acts in the states that it comes to in episodes of its own."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.rng import named_key
from mesascope.core.rollouts import Rollout
from mesascope.core.subject import AbstractSubject, View
from mesascope.instruments.interventions.episodes import EvaluationBatch, walk_edited_unchecked
from mesascope.instruments.interventions.patches import patch_of
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.search.fresh import Asked, AtOnce, by_parts
from mesascope.instruments.search.panel import Composition, Questions, composed
from mesascope.instruments.search.placed import Starts, repeated
from mesascope.instruments.search.trials import Trials
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

EPISODES = 4
"""Episodes on each level, from those states that count of whose right moves a composition of heuristics is least certain."""

MOVES = 2
"""Moves after which an episode is cut: most of what can be learned of a level is learned where its episodes start."""

_LEAST_APART = 1e-3
"""Uncertainties (nats) nearer to each other than this are in random order."""

_NOWHERE = Place((), 0, 0, False)

Centers = Int[Array, "level _"]
"""Centers of one part of a change; another part of it may have more."""


class InEpisodes(AtOnce):
    """Asks an agent with a memory by letting it walk: what it does where it comes for the first time.

    Where it walks is its own doing: nobody leads it along a right way, so that it learns nothing there but what it is shown. Of
    two episodes on a level that meet in a state, the first counts.

    Args:
        pauses: Steps before the first move.
        episodes: Episodes on each level.
        moves: Moves after which an episode is cut.
    """

    def __init__(self, pauses: int, episodes: int = EPISODES, moves: int = MOVES):
        self._pauses, self._episodes, self._moves = pauses, episodes, moves

    def observation(self, world: AbstractWorld) -> View:
        """What it is shown at one step, by its shape."""
        seen = super().observation(world)
        return View(seen, jnp.zeros_like(seen[..., :1]), jnp.ones(len(seen), bool))

    def plain(
        self,
        world: AbstractWorld,
        subject: AbstractSubject,
        levels: AbstractLevels,
        asked: Questions,
        chooses: Composition | None,
    ) -> Asked:
        """On levels as they are."""
        starts = _starts(asked, chooses, self._episodes)
        return _walked(world, subject, (levels, ()), starts, _NOWHERE, (self._pauses, self._moves))

    def edited(
        self,
        world: AbstractWorld,
        subject: AbstractSubject,
        edits: Trials,
        place: Place,
        asked: Questions,
        chooses: Composition | None,
    ) -> Asked:
        """On levels as they are, while they are rewritten inside."""
        together = [edits.changed] * len(edits.parts)
        donors = together if place.sustained else [part.donor for part in edits.parts]
        written = tuple(zip(donors, (part.centers for part in edits.parts), strict=True))
        starts = _starts(asked, chooses, self._episodes)
        return _walked(world, subject, (edits.base, written), starts, place, (self._pauses, self._moves))


AT_A_TIME = 32
"""Levels that are walked in at a time: what a processor's cache has room for."""


@eqx.filter_jit
def _walked(
    world: AbstractWorld,
    subject: AbstractSubject,
    levels: tuple[AbstractLevels, tuple[tuple[AbstractLevels, Centers], ...]],
    cells: Starts,
    place: Place,
    steps: tuple[int, int],
) -> Asked:
    """Episodes from some cells of each level, edited by donors at their cells. `steps`: pauses, and moves at most."""
    pauses, moves = steps

    def walk(part: tuple[Any, Starts]) -> Asked:
        (base, written), starts = part
        many, donors = repeated(base, starts), [(repeated(each, starts), repeated(at, starts)) for each, at in written]
        mdp = world.tables(many)
        batch = EvaluationBatch(mdp, world.observe(many), starts.reshape(-1), world.discount, moves, pauses)
        patches = tuple(patch_of(at, at, place.radius, world.map_shape(many)) for _, at in donors)
        seen = tuple(world.observe(each) for each, _ in donors)
        found = walk_edited_unchecked(subject, batch, seen, patches, place, named_key(0, "fresh walks"))
        return _pooled(found.policy, found.walk, starts)

    return by_parts(walk, (levels, cells), AT_A_TIME)


@partial(jax.jit, static_argnums=2)
def _starts(asked: Questions, chooses: Composition | None, episodes: int) -> Starts:
    """States that count, the least certain ones first; where there are too few, any others. Without a composition, random ones.

    How certain a composition is does not depend on what is right, nor on the subject: that it errs there is no selection.
    """
    order = jax.random.uniform(named_key(0, "starts of episodes"), asked.counts.shape)
    if chooses is not None:
        log = composed(chooses, asked.clues)
        order = order * _LEAST_APART - (jnp.exp(log) * log).sum(-1)
    return jax.lax.top_k(jnp.where(asked.counts, order + 1, 0.0), episodes)[1].astype(jnp.int32)


def _pooled(policy: Float[Array, "walk state action"], walk: Rollout, cells: Starts) -> Asked:
    """Tables of levels from those of their walks."""
    levels, each = cells.shape
    rows = jnp.arange(policy.shape[0])[:, None]
    came: Bool[Array, "walk state"] = jnp.zeros(policy.shape[:2], bool).at[rows, walk.state].max(walk.live)
    came, policy = came.reshape(levels, each, -1), policy.reshape(levels, each, *policy.shape[1:])
    first = came.argmax(1)
    table = jnp.take_along_axis(policy, first[:, None, :, None], 1)[:, 0]
    return table, came.any(1)
