"""Readouts that go on computing: a loop in the answer is thinking too. Its rounds become ticks, what it carries sites."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.extend import core as jex
from jaxtyping import Array, Float, Int, Shaped

from mesascope.core.subject import AbstractSubject, Observation, Site, State, action_probabilities

PREFIX = "readout"
"""Sites found in a readout are named after it, with a number."""

_CALLS = ("jit", "pjit", "closed_call", "remat", "checkpoint")
"""Primitives that only wrap a program."""


class Loop(NamedTuple):
    """Which loop of a readout, in the order they are met; its rounds; how many numbers each carried map holds in a cell.

    A width of None is that of a number that is no map, such as a count of rounds: it is kept in every cell alike.
    """

    number: int
    rounds: int
    widths: tuple[int | None, ...]


class OpenedReadout(AbstractSubject):
    """A subject whose answer is computed in a loop, with the rounds of the loop as further ticks.

    The subject's own sites are kept through them, since the loop may go on reading them. Answers are the subject's own.
    Read out before the loop has run, it answers as if the loop had had no rounds.
    """

    subject: AbstractSubject
    loop: Loop = eqx.field(static=True)
    ticks: int = eqx.field(static=True)
    reads_until: int = eqx.field(static=True)

    @property
    def sites(self) -> tuple[Site, ...]:
        """The subject's own, and what the loop carries."""
        carried = (
            Site(_name(number), width or 1, "what a loop in the readout carries")
            for number, width in enumerate(self.loop.widths)
        )
        return (*self.subject.sites, *carried)

    @property
    def hidden_bits(self) -> float | None:
        """As many as the subject hides."""
        return self.subject.hidden_bits

    def start(self, observation: Observation) -> State:
        """The subject's own start, and the loop's."""
        return self._start(self.subject.start(observation))

    def think(self, state: State, observation: Observation, tick: Int[Array, ""]) -> State:
        """A tick of the subject, or after its last a round of the loop."""
        own = {site.name: state[site.name] for site in self.subject.sites}
        thought = self._start(self.subject.think(own, observation, tick))
        turned = self._round(own, state, tick - self.subject.ticks)
        thinking = tick < self.subject.ticks
        return {name: jnp.where(thinking, thought[name], turned[name]) for name in state}

    def act(self, state: State) -> Float[Array, "level height width action"]:
        """What the subject makes of where the loop has come to."""
        own = {site.name: state[site.name] for site in self.subject.sites}

        return _readout(self.subject, own, self.loop.number, lambda loop: self._carried(state, loop))[0]

    def _start(self, own: State) -> State:
        loop = _readout(self.subject, own, self.loop.number, _not_run)[1][self.loop.number]
        return {**own, **self._as_maps(own, loop.carry)}

    def _round(self, own: State, state: State, number: Int[Array, ""]) -> State:
        loop = _readout(self.subject, own, self.loop.number, _not_run)[1][self.loop.number]
        at = loop.rounds - 1 - number if loop.reverse else number
        seen = [jax.lax.dynamic_index_in_dim(x, at.clip(0, loop.rounds - 1), keepdims=False) for x in loop.inputs]
        body = loop.body
        after = jax.core.eval_jaxpr(body.jaxpr, body.consts, *loop.constants, *self._carried(state, loop), *seen)
        return {**own, **self._as_maps(own, after[: len(loop.carry)])}

    def _as_maps(self, own: State, carry: Sequence[Array]) -> State:
        cells = next(iter(own.values())).shape[:3]
        return {
            _name(n): jnp.broadcast_to(value, (*cells, 1)).astype(jnp.float32)
            if width is None
            else value.reshape(*cells, width).astype(jnp.float32)
            for n, (value, width) in enumerate(zip(carry, self.loop.widths, strict=True))
        }

    def _carried(self, state: State, loop: "_Met") -> list[Array]:
        return [
            (state[_name(n)][0, 0, 0, 0] if width is None else state[_name(n)].reshape(like.shape)).astype(like.dtype)
            for n, (like, width) in enumerate(zip(loop.carry, self.loop.widths, strict=True))
        ]


def open_readout(subject: AbstractSubject, observation: Shaped[Array, "view ..."]) -> AbstractSubject:
    """The subject with the longest loop of its readout opened; the subject itself where there is none that can be.

    A loop can be opened where the number of its rounds is known before it runs, and what it carries are maps over the cells
    and single numbers, with nothing put out besides. `observation` is any that the subject may be shown; the subject is left
    as it is if it would answer another way there.
    """
    if subject.recurrent or not subject.sites:
        return subject
    loops: list[Loop] = []

    def look(observation: Shaped[Array, "view ..."]) -> Array:
        answer, met = _readout(subject, subject.start(observation), None, _not_run)
        found = (_opened(number, one, observation.shape[:3]) for number, one in enumerate(met))
        loops.extend(loop for loop in found if loop is not None)
        return answer

    jax.eval_shape(look, observation)
    if not loops:
        return subject
    longest = max(loops, key=lambda loop: loop.rounds)
    opened = OpenedReadout(subject, longest, subject.ticks + longest.rounds, min(subject.reads_until, subject.ticks))
    return opened if _alike(subject, opened, observation) else subject


def _opened(number: int, met: "_Met", cells: tuple[int, ...]) -> Loop | None:
    widths = [_width(value, cells) for value in met.carry]
    fit = met.rounds > 1 and not met.puts_out and any(w for w in widths if w) and -1 not in widths
    return Loop(number, met.rounds, tuple(widths)) if fit else None


@eqx.filter_jit
def _alike(subject: AbstractSubject, opened: AbstractSubject, observation: Observation) -> Array:
    """Whether both act alike: whole numbers too large for a map of floats would be lost on the way."""
    own, its = (action_probabilities(s.logits(observation)) for s in (subject, opened))
    return jnp.allclose(own, its, rtol=0.0, atol=1e-5)


class _Met(NamedTuple):
    """A loop as it is met while a readout is computed: what its rounds are given, and what they start from."""

    body: jex.ClosedJaxpr
    constants: list[Array]
    carry: list[Array]
    inputs: list[Array]
    puts_out: bool
    rounds: int
    reverse: bool


def _name(number: int) -> str:
    return f"{PREFIX} {number + 1}"


def _width(value: Array, cells: tuple[int, ...]) -> int | None:
    """Numbers in a cell; None for a single number, -1 for what is no map."""
    if value.ndim == 0:
        return None
    if value.shape[:3] == cells and value.ndim <= 4:
        return int(value.shape[3]) if value.ndim == 4 else 1
    return -1


def _not_run(loop: _Met) -> list[Array]:
    return loop.carry


def _readout(
    subject: AbstractSubject, own: State, number: int | None, stand_in: Callable[[_Met], list[Array]]
) -> tuple[Array, list[_Met]]:
    """The answer with what `stand_in` says in place of loop `number`, and every loop that was met.

    Where `number` is None all loops are run as they are.
    """
    arrays, rest = eqx.partition(subject, eqx.is_array)
    program = jax.make_jaxpr(lambda kept, state: eqx.combine(kept, rest).act(state))(arrays, own)
    met: list[_Met] = []

    def run(jaxpr: jex.Jaxpr, consts: Sequence[Any], given: Sequence[Any]) -> list[Any]:
        known: dict[Any, Any] = {}

        def value(atom: Any) -> Any:
            return atom.val if isinstance(atom, jex.Literal) else known[atom]

        known.update(zip(jaxpr.constvars, consts, strict=True))
        known.update(zip(jaxpr.invars, given, strict=True))
        for equation in jaxpr.eqns:
            values = [value(atom) for atom in equation.invars]
            given_to = {atom: known[atom] for atom in equation.invars if not isinstance(atom, jex.Literal)}
            out: list[Any] | None = None
            if equation.primitive.name in _CALLS and isinstance(equation.params.get("jaxpr"), jex.ClosedJaxpr):
                inner = equation.params["jaxpr"]
                out = run(inner.jaxpr, inner.consts, values)
            elif equation.primitive.name == "scan":
                met.append(_meet(equation, values))
                if len(met) - 1 == number:
                    out = stand_in(met[-1])
            if out is None:
                out = _bind(jaxpr, equation, given_to)
            known.update(zip(equation.outvars, out, strict=True))
        return [value(atom) for atom in jaxpr.outvars]

    (answer,) = run(program.jaxpr, program.consts, jax.tree.leaves((arrays, own)))
    return answer, met


def _bind(jaxpr: jex.Jaxpr, equation: Any, given: dict[Any, Any]) -> list[Any]:
    """What one equation puts out, as JAX itself would evaluate it: how primitives are called differs between its versions."""
    alone = jaxpr.replace(
        constvars=[],
        invars=list(given),
        outvars=equation.outvars,
        eqns=[equation],
        debug_info=jaxpr.debug_info.with_unknown_names(),
    )
    return jax.core.eval_jaxpr(alone, [], *given.values())


def _meet(equation: Any, values: list[Any]) -> _Met:
    params = equation.params
    constants, carried = _constants_and_carried(params)
    return _Met(
        params["jaxpr"],
        values[:constants],
        [jnp.asarray(value) for value in values[constants : constants + carried]],
        values[constants + carried :],
        len(equation.outvars) > carried,
        params["length"],
        params["reverse"],
    )


def _constants_and_carried(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many of what a loop is given are constants, and how many it carries: JAX 0.11 began to keep them as a tree."""
    if "ft_in" in params:
        constants, carried, _ = params["ft_in"].unpack()
        return len(constants), len(carried)
    return params["num_consts"], params["num_carry"]
