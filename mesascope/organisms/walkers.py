"""Organisms that answer a whole level as agents with a memory: what they keep of their thinking from step to step."""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.episodic import HERE, EpisodicSubject
from mesascope.core.subject import ALWAYS, AbstractSubject, Site, State, View
from mesascope.organisms.decoded_observation import SHARPNESS, Logits
from mesascope.worlds.grids.grid import MOVES

WALKS = ("spread", "follows", "queues", "replans")
"""What is kept: everything, its ticks going on from step to step; the plan alone, made once; a queue of moves, made once; the
level alone, from which it begins anew at each step."""

_QUEUED = 40
"""Moves that a queue holds; a walk by optimal moves in a maze of 9x9 is shorter."""

_STANDS = Site(HERE, 1, "1 where the agent stands")


class _PlansFirst(AbstractSubject):
    """Runs the organism inside once, over the first steps of an episode, and keeps what it makes of it and nothing else."""

    inner: AbstractSubject
    ticks: int = eqx.field(static=True)
    sees_until: int = eqx.field(static=True, default=1)
    kept: ClassVar[tuple[Site, ...]]

    @property
    def recurrent(self) -> bool:
        """Its state goes on through the episode."""
        return True

    @property
    def reads_until(self) -> int:
        """Every tick may read while the level is shown."""
        return self.ticks

    @property
    def sites(self) -> tuple[Site, ...]:
        """Those of the organism inside, what is kept, where it stands, and how many ticks are over."""
        return (*self.inner.sites, *self.kept, _STANDS, Site("count", 1, "ticks so far", "vector"))

    def think(self, state: State, view: View, tick: Int[Array, ""]) -> State:
        """A tick of the organism inside; after its last one it is forgotten but for what is kept."""
        own = {site.name: state[site.name] for site in self.inner.sites}
        kept = {site.name: state[site.name] for site in self.kept}
        count = state["count"].max().astype(jnp.int32)
        own = jax.lax.cond(count < self.inner.ticks, lambda s: self.inner.think(s, view.level, count), lambda s: s, own)
        kept = self.moved_on(kept, state[HERE], view, tick)
        done = count + 1 == self.inner.ticks
        kept = jax.lax.cond(done, lambda: self.keep(self.inner.act(own), view), lambda: kept)
        own = jax.lax.cond(done, lambda: self.inner.start(view.level), lambda: own)
        return {**own, **kept, HERE: view.here, "count": state["count"] + 1.0}

    def moved_on(self, kept: State, stood: Float[Array, "actor height width 1"], view: View, tick) -> State:
        """What is kept after a step of the episode."""
        return kept

    @abc.abstractmethod
    def keep(self, answers: Logits, view: View) -> State:
        """What is kept of the answers in all cells."""


class Follower(_PlansFirst):
    """Plans once, and follows the plan from memory.

    **What it is.** The organism inside runs in the first steps, while the level is shown. Its answers in all cells are kept;
    registers and values are erased. From then on it does what the map of answers says where it stands.

    **Ground truth.** That of the organism inside.

    **Built to** break edits that come when the plan is made: after that there is nothing left to plan from.
    """

    kept: ClassVar[tuple[Site, ...]] = (Site("kept plan", len(MOVES), "what to do in each cell"),)

    def keep(self, answers: Logits, view: View) -> State:
        """All answers."""
        return {"kept plan": answers}

    def act(self, state: State) -> Float[Array, "actor action"]:
        """What the plan says where it stands; nothing in particular before there is one."""
        return jnp.where(state[HERE] > 0.5, state["kept plan"], 0.0).sum((1, 2))


class QueueFollower(_PlansFirst):
    """Plans once, and keeps a queue of moves.

    **What it is.** The organism inside runs in the first steps. Then a walk by its answers is imagined from where the agent
    stands, its moves are written into one vector, and all else is erased. Whenever the agent has moved, the next is taken.

    **Ground truth.** That of the organism inside. Where that is a table, this is a recorded route.

    **Built to** have no map in its memory while it acts, so that nothing can be rewritten at a cell.
    """

    kept: ClassVar[tuple[Site, ...]] = (
        Site("queue", _QUEUED * len(MOVES), "1 for the move in each place of the queue", "vector"),
        Site("next", 1, "place in the queue", "vector"),
    )

    def moved_on(self, kept: State, stood: Float[Array, "actor height width 1"], view: View, tick) -> State:
        """The next place, where the agent has moved since the step before."""
        moved = (jnp.abs(view.here - stood).max((1, 2, 3)) > 0.5) & (tick == 0)
        queued = kept["queue"].max((1, 2, 3)) > 0.5
        return {**kept, "next": kept["next"] + (moved & queued)[:, None, None, None]}

    def keep(self, answers: Logits, view: View) -> State:
        """The moves of a walk by the answers."""
        actors, height, width, moves = answers.shape
        best = answers.argmax(-1).reshape(actors, -1)
        down, right = jnp.array(MOVES).T

        def step(cell: Int[Array, " actor"], _):
            move = best[jnp.arange(actors), cell]
            row = (cell // width + down[move]).clip(0, height - 1)
            column = (cell % width + right[move]).clip(0, width - 1)
            return row * width + column, jax.nn.one_hot(move, moves)

        start = view.here.reshape(actors, -1).argmax(-1)
        _, queue = jax.lax.scan(step, start, None, length=_QUEUED)
        return {
            "queue": jnp.moveaxis(queue, 0, 1).reshape(actors, 1, 1, -1),
            "next": jnp.zeros((actors, 1, 1, 1)),
        }

    def act(self, state: State) -> Float[Array, "actor action"]:
        """The move whose turn it is; all alike before there is a queue."""
        queue = state["queue"].reshape(len(state["queue"]), _QUEUED, len(MOVES))
        turn = state["next"].reshape(-1).astype(jnp.int32).clip(0, _QUEUED - 1)
        return SHARPNESS * jnp.take_along_axis(queue, turn[:, None, None], 1)[:, 0]


class Replanner(AbstractSubject):
    """Remembers the level, and begins anew at each step.

    **What it is.** What was shown lies in `remembered`, for as long as nothing else is shown. At each step the organism inside
    begins with a blank state, and all its ticks run on what that held when the step began.

    **Ground truth.** That of the organism inside. One that searches a few moves deep is a receding-horizon search.

    **Built to** undo, at the next step, whatever is written into its plan, while it follows what is written into its memory.
    """

    inner: AbstractSubject
    channels: int = eqx.field(static=True)
    sees_until: int = eqx.field(static=True, default=1)

    @property
    def ticks(self) -> int:
        """As many as the organism inside takes."""
        return self.inner.ticks

    @property
    def recurrent(self) -> bool:
        """It remembers the level."""
        return True

    @property
    def reads_until(self) -> int:
        """Every tick may read while the level is shown."""
        return self.ticks

    @property
    def sites(self) -> tuple[Site, ...]:
        """The remembered level, the sites of the organism inside, and where it stands."""
        return (Site("remembered", self.channels, "the level as it was shown last"), *self.inner.sites, _STANDS)

    def think(self, state: State, view: View, tick: Int[Array, ""]) -> State:
        """A tick of the organism inside on the remembered level."""
        blank = self.inner.start(view.level)
        own = {name: jnp.where(tick == 0, blank[name], state[name]) for name in blank}
        level = jnp.where(view.shown[:, None, None, None] & (tick == 0), view.level, state["remembered"])
        return {"remembered": level, **self.inner.think(own, level, tick), HERE: view.here}

    def act(self, state: State) -> Float[Array, "actor action"]:
        """The answer of the organism inside for the cell where the agent stands."""
        answers = self.inner.act({site.name: state[site.name] for site in self.inner.sites})
        return jnp.where(state[HERE] > 0.5, answers, 0.0).sum((1, 2))


def walking(inner: AbstractSubject, walks: str, pace: int, sees: int, channels: int) -> AbstractSubject:
    """An organism as an agent with a memory.

    Args:
        inner: The organism, which answers a whole level.
        walks: What it keeps (`WALKS`).
        pace: Ticks at each step of an episode; one that replans takes all of its own.
        sees: Steps of an episode in which the level is shown, 0 for all.
        channels: Of what is shown of a cell.

    Returns:
        The agent.
    """
    shown = sees or ALWAYS
    if walks == "replans":
        return Replanner(inner, channels, shown)
    if walks == "spread":
        return EpisodicSubject(inner, pace, shown)
    return {"follows": Follower, "queues": QueueFollower}[walks](inner, pace, shown)
