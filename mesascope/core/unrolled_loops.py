"""Loops inside a subject's functions as ticks: what a loop carries from round to round becomes sites, its rounds become ticks.

A loop in the readout or in a tick is thinking too, and may be a whole search of which no state is seen from outside.
"""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.subject import AbstractSubject, Site, State, View, action_probabilities
from mesascope.core.traced_loops import Loop, Met, count_rounds, evaluate, names_of, not_run, wide_loops, widths_of

READOUT, TICK = "readout", "loop in a tick"
"""Where a loop may be; sites found in it are named after it, with a number."""

FEWEST = 4
"""Rounds from which a loop in a tick is opened: what goes on between edits in fewer is no more than a tick of several steps."""

_LOOKED_AT = 4
"""Ticks in which the rounds of a loop that runs until something holds are counted."""


class OpenedLoop(AbstractSubject):
    """A subject with a loop of its readout, or of its tick, exposed as ticks.

    The subject's own sites are kept through them, since the loop may go on reading them. Answers are the subject's own: what is
    left to do for a loop that runs until something holds, after the ticks that it was given, is done at once. Read out before a
    loop of the readout has run, it answers as if that had had no rounds.
    """

    subject: AbstractSubject
    loop: Loop = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)

    @property
    def recurrent(self) -> bool:
        """As the subject."""
        return self.subject.recurrent

    @property
    def view(self) -> str:
        """As the subject's."""
        return self.subject.view

    @property
    def sees_until(self) -> int:
        """As of the subject."""
        return self.subject.sees_until

    @property
    def sites(self) -> tuple[Site, ...]:
        """The subject's own, and what the loop carries."""
        names = names_of(self.loop)
        carried = (
            Site(name, width or 1, f"what a {self.loop.place} carries")
            for name, width in zip(names, self.loop.widths, strict=True)
        )
        return (*self.subject.sites, *carried)

    @property
    def hidden_bits(self) -> float | None:
        """As many as the subject hides."""
        return self.subject.hidden_bits

    def start(self, observation: Array) -> State:
        """The subject's own start, and the loop's."""
        own = self.subject.start(observation)
        if self.loop.place == TICK:
            cells = (*observation.shape[:3],)
            return {**own, **{name: jnp.zeros((*cells, width or 1)) for name, width in self._carried_sites()}}
        return self._begun(own, self._met(own, None, None).carry)

    def think(self, state: State, observation: Any, tick: Int[Array, ""]) -> State:
        """A tick of the subject, or a round of the loop."""
        own = {site.name: state[site.name] for site in self.subject.sites}
        if self.loop.place == TICK:
            return self._round_of_tick(own, state, observation, tick)
        thought = self.subject.think(own, observation, tick)
        thought = self._begun(thought, self._met(thought, None, None).carry)
        met = self._met(own, None, None)
        turned = self._begun(own, met.round(self._carried(state, met), tick - self.subject.ticks))
        thinking = tick < self.subject.ticks
        return {name: jnp.where(thinking, thought[name], turned[name]) for name in state}

    def _round_of_tick(self, own: State, state: State, observation: Any, tick: Int[Array, ""]) -> State:
        own_tick, number = jnp.divmod(tick, self.loop.rounds)
        if not self.recurrent:  # what it promises not to use must not reach a loop whose outcome is thrown away either
            observation = jnp.where(own_tick < self.subject.reads_until, observation, 0.0)
        met = self._met(own, observation, own_tick)
        begun = [jnp.where(number == 0, a, b) for a, b in zip(met.carry, self._carried(state, met), strict=True)]
        after = met.round(begun, number)
        done = self._evaluate(own, observation, own_tick, lambda loop: loop.rest(after))[0]
        last = number == self.loop.rounds - 1
        return self._begun({name: jnp.where(last, done[name], own[name]) for name in own}, after)

    def act(self, state: State) -> Float[Array, "*place action"]:
        """What the subject makes of where the loop has come to."""
        own = {site.name: state[site.name] for site in self.subject.sites}
        if self.loop.place == TICK:
            return self.subject.act(own)
        return self._evaluate(own, None, None, lambda loop: loop.rest(self._carried(state, loop)))[0]

    def _met(self, own: State, observation: Any, tick: Any) -> Met:
        return self._evaluate(own, observation, tick, not_run)[1][self.loop.number]

    def _evaluate(self, own: State, observation: Any, tick: Any, stand_in) -> tuple[Any, list[Met]]:
        return _evaluated(self.subject, self.loop.place, own, observation, tick, self.loop.number, stand_in)

    def _carried_sites(self) -> list[tuple[str, int | None]]:
        return list(zip(names_of(self.loop), self.loop.widths, strict=True))

    def _begun(self, own: State, carry: list[Array]) -> State:
        """The subject's own state, and what a loop carries as maps."""
        cells = max((value.shape[:3] for value in own.values()), key=lambda shape: shape[1:])
        maps = {
            name: jnp.broadcast_to(value, (*cells, 1)).astype(jnp.float32)
            if width is None
            else value.reshape(*cells, width).astype(jnp.float32)
            for (name, width), value in zip(self._carried_sites(), carry, strict=True)
        }
        return {**own, **maps}

    def _carried(self, state: State, met: Met) -> list[Array]:
        return [
            (state[name][0, 0, 0, 0] if width is None else state[name].reshape(like.shape)).astype(like.dtype)
            for (name, width), like in zip(self._carried_sites(), met.carry, strict=True)
        ]


def _evaluated(
    subject: AbstractSubject, place: str, own: State, observation: Any, tick: Any, number: int | None, stand_in
) -> tuple[Any, list[Met]]:
    """The subject's readout or tick with what `stand_in` says in place of a loop, and the loops that were met."""
    if place == READOUT:
        return evaluate(subject, lambda s, state: s.act(state), (own,), number, stand_in)
    return evaluate(
        subject, lambda s, state, seen, t: s.think(state, seen, t), (own, observation, tick), number, stand_in
    )


def open_loop(subject: AbstractSubject, observation: Any) -> AbstractSubject:
    """The subject with the longest loop of its readout or of its tick opened; the subject itself where none can be.

    A loop can be opened where what it carries are maps over the cells and single numbers, with nothing put out besides. The
    rounds of one that runs until something holds are counted on the observation. The subject is left as it is if it would answer
    in another way there.

    Args:
        subject: Any subject with sites.
        observation: Any that it may be shown; a `View` for a recurrent one.

    Returns:
        The opened subject, or the subject.
    """
    if not subject.sites or (subject.recurrent and not isinstance(observation, View)):
        return subject
    level = observation.level if isinstance(observation, View) else observation
    loops = [
        loop
        for place in (READOUT, TICK)
        for loop in _loops(subject, place, observation, level)
        if loop.rounds >= (2 if place == READOUT else FEWEST)
    ]
    if not loops:
        return subject
    longest = max(loops, key=lambda loop: loop.rounds)
    if longest.place == READOUT:
        ticks, reads = subject.ticks + longest.rounds, min(subject.reads_until, subject.ticks)
    else:
        ticks, reads = subject.ticks * longest.rounds, subject.reads_until * longest.rounds
    if subject.recurrent:
        reads = ticks
    opened = OpenedLoop(subject, longest, ticks, reads)
    return opened if _alike(subject, opened, observation) else subject


def _loops(subject: AbstractSubject, place: str, observation: Any, level: Array) -> list[Loop]:
    """Loops of a place that can be opened."""
    found: list[Met] = []

    def look(observation: Any, level: Array) -> Any:
        answer, met = _evaluated(subject, place, subject.start(level), observation, jnp.array(0), None, not_run)
        found.extend(met)
        return answer

    jax.eval_shape(look, observation, level)
    widths = [widths_of(met, level.shape[:3]) for met in found]
    rounds: list[int | None] = [met.rounds for met in found]
    if any(w is not None and r is None for w, r in zip(widths, rounds, strict=True)):
        rounds = [*_counted(subject, place, observation, level, len(found))]
    return [
        Loop(place, number, rounds[number] or 0, width)
        for number, width in enumerate(widths)
        if width is not None and rounds[number]
    ]


def _counted(subject: AbstractSubject, place: str, observation: Any, level: Array, loops: int) -> list[int]:
    """Rounds of every loop of a place, the most over some ticks."""
    state, most = subject.start(level), [0] * loops
    asked = range(subject.ticks) if place == TICK else [subject.ticks]
    some = set(asked[:: max(len(asked) // _LOOKED_AT, 1)]) | {asked[-1]}
    for tick in range(subject.ticks + 1):
        if tick in some:
            _, met = _evaluated(subject, place, state, observation, jnp.array(tick), None, not_run)
            most = [max(a, count_rounds(one)) for a, one in zip(most, met, strict=True)]
        if tick < subject.ticks:
            state = _thought(subject, state, observation, jnp.array(tick))
    return most


def unopened_loops(subject: AbstractSubject, observation: Any) -> tuple[str, ...]:
    """Loops of a subject's tick and readout in which a search could run unseen: with room for a map, of `FEWEST` rounds or
    more or of an unknown number, and not opened.

    Args:
        subject: The subject, or what `open_loop` made of it.
        observation: What it may be shown; a `View` for a recurrent one.

    Returns:
        A phrase for each.
    """
    if not subject.sites or (subject.recurrent and not isinstance(observation, View)):
        return ()
    inner = subject.subject if isinstance(subject, OpenedLoop) else subject
    opened = subject.loop.place if isinstance(subject, OpenedLoop) else None
    level = observation.level if isinstance(observation, View) else observation
    state, cells = inner.start(level), math.prod(level.shape[:3])
    found = []
    for place in (READOUT, TICK):
        given = (state,) if place == READOUT else (state, observation, jnp.array(0))
        wide = wide_loops(inner.act if place == READOUT else inner.think, given, cells)
        wide = [loop for loop in wide if loop[1] is None or loop[1] >= FEWEST]
        until = sum(rounds is None for _, rounds in wide)
        short = sum(loop.rounds < FEWEST for loop in _loops(inner, place, observation, level)) if until else 0
        closed = len(wide) - min(short, until) - (place == opened)
        found += [f"a {'loop in the readout' if place == READOUT else place}"] * closed
    return tuple(found)


@eqx.filter_jit
def _thought(subject: AbstractSubject, state: State, observation: Any, tick: Int[Array, ""]) -> State:
    return subject.think(state, observation, tick)


@eqx.filter_jit
def _alike(subject: AbstractSubject, opened: AbstractSubject, observation: Any) -> Array:
    """Whether both act alike: whole numbers too large for a map of floats would be lost on the way."""
    own, its = (action_probabilities(s.logits(observation)) for s in (subject, opened))
    return jnp.allclose(own, its, rtol=0.0, atol=1e-5)
