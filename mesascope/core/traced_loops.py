"""Loops of a traced program: met while it is evaluated equation by equation, so that something else may stand in for one."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.extend import core as jex
from jaxtyping import Array, Bool, Int

CALLS = ("jit", "pjit", "closed_call", "remat", "checkpoint")
"""Primitives that only wrap a program."""

MOST_ROUNDS = 4_096
"""Rounds after which a loop that runs until something holds is given up."""

_SORTED = "searchsorted"
"""JAX's own look-up in a sorted table, a loop that halves an interval for each number that is looked up."""


class Loop(NamedTuple):
    """Which loop of a place, in the order they are met; its rounds; how many numbers each carried map holds in a cell.

    A width of None is that of a number that is no map, such as a count of rounds: it is kept in every cell alike.
    """

    place: str
    number: int
    rounds: int
    widths: tuple[int | None, ...]


class Met(NamedTuple):
    """A loop as it is met while a program is evaluated: what its rounds are given, and what they start from.

    `rounds` is None, and there is a `condition` with its own constants, where it runs until something holds.
    """

    body: jex.ClosedJaxpr
    constants: list[Array]
    carry: list[Array]
    inputs: list[Array]
    puts_out: bool
    rounds: int | None
    reverse: bool
    condition: tuple[jex.ClosedJaxpr, list[Array]] | None = None

    def goes_on(self, carry: list[Array]) -> Bool[Array, ""]:
        """Whether there is another round."""
        if self.condition is None:
            return jnp.array(True)
        test, constants = self.condition
        return jax.core.eval_jaxpr(test.jaxpr, test.consts, *constants, *carry)[0]

    def round(self, carry: list[Array], number: Int[Array, ""]) -> list[Array]:
        """What is carried after one more round; no more than before where the loop is over."""
        seen = []
        if self.rounds is not None:
            at = self.rounds - 1 - number if self.reverse else number
            seen = [jax.lax.dynamic_index_in_dim(x, at.clip(0, self.rounds - 1), keepdims=False) for x in self.inputs]
        after = jax.core.eval_jaxpr(self.body.jaxpr, self.body.consts, *self.constants, *carry, *seen)[: len(carry)]
        if self.condition is None:
            return after
        on = self.goes_on(carry)
        return [jnp.where(on, new, old) for new, old in zip(after, carry, strict=True)]

    def rest(self, carry: list[Array]) -> list[Array]:
        """What is carried at the end, begun with what is carried now: of a loop of a known number of rounds, that itself."""
        if self.condition is None:
            return carry
        return jax.lax.while_loop(self.goes_on, lambda now: self.round(now, jnp.array(0)), carry)


def not_run(loop: Met) -> list[Array]:
    """The loop as if it had no rounds."""
    return loop.carry


def names_of(loop: Loop) -> list[str]:
    """Names of the sites of what a loop carries."""
    return [f"{loop.place} {number + 1}" for number in range(len(loop.widths))]


def widths_of(met: Met, cells: tuple[int, ...]) -> tuple[int | None, ...] | None:
    """Numbers in a cell of everything that a loop carries; None where it cannot be opened."""
    widths = tuple(_width(value, cells) for value in met.carry)
    fit = met.rounds != 1 and not met.puts_out and any(w for w in widths if w) and -1 not in widths
    return widths if fit else None


def _width(value: Array, cells: tuple[int, ...]) -> int | None:
    """Numbers in a cell; None for a single number, -1 for what is no map."""
    if value.ndim == 0:
        return None
    if value.shape[:3] == cells and value.ndim <= 4:
        return int(value.shape[3]) if value.ndim == 4 else 1
    return -1


def count_rounds(met: Met) -> int:
    """Rounds of a loop with concrete numbers; 0 where it is not over after `MOST_ROUNDS`."""
    if met.rounds is not None:
        return met.rounds
    carry, begun = met.carry, jax.jit(lambda carry: (met.goes_on(carry), met.round(carry, jnp.array(0))))
    for done in range(MOST_ROUNDS):
        on, after = begun(carry)
        if not on:
            return done
        carry = after
    return 0


def evaluate(
    subject: Any,
    function: Callable[..., Any],
    given: tuple[Any, ...],
    number: int | None,
    stand_in: Callable[[Met], list[Array]],
) -> tuple[Any, list[Met]]:
    """What a function of a module gives with what `stand_in` says in place of loop `number`, and every loop that was met.

    Args:
        subject: A module.
        function: It is given the module and `given`.
        given: Arrays in any trees.
        number: Of the loop that is stood in for; where it is None all loops are run as they are.
        stand_in: From the loop to what it carries at its end.

    Returns:
        What the function gives, and the loops in the order they are met.
    """
    arrays, rest = eqx.partition(subject, eqx.is_array)
    program, shape = jax.make_jaxpr(lambda kept, args: function(eqx.combine(kept, rest), *args), return_shape=True)(
        arrays, given
    )
    met: list[Met] = []

    def run(jaxpr: jex.Jaxpr, consts: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        known: dict[Any, Any] = {}

        def value(atom: Any) -> Any:
            return atom.val if isinstance(atom, jex.Literal) else known[atom]

        known.update(zip(jaxpr.constvars, consts, strict=True))
        known.update(zip(jaxpr.invars, values, strict=True))
        for equation in jaxpr.eqns:
            values = [value(atom) for atom in equation.invars]
            given_to = {atom: known[atom] for atom in equation.invars if not isinstance(atom, jex.Literal)}
            out: list[Any] | None = None
            if equation.primitive.name in CALLS and isinstance(equation.params.get("jaxpr"), jex.ClosedJaxpr):
                inner = equation.params["jaxpr"]
                out = run(inner.jaxpr, inner.consts, values)
            elif equation.primitive.name in _MEETS:
                met.append(_MEETS[equation.primitive.name](equation, values))
                if len(met) - 1 == number:
                    out = stand_in(met[-1])
            if out is None:
                out = _bind(jaxpr, equation, given_to)
            known.update(zip(equation.outvars, out, strict=True))
        return [value(atom) for atom in jaxpr.outvars]

    flat = run(program.jaxpr, program.consts, jax.tree.leaves((arrays, given)))
    return jax.tree.unflatten(jax.tree.structure(shape), flat), met


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


def _meet_scan(equation: Any, values: list[Any]) -> Met:
    params = equation.params
    constants, carried = _constants_and_carried(params)
    return Met(
        params["jaxpr"],
        values[:constants],
        [jnp.asarray(value) for value in values[constants : constants + carried]],
        values[constants + carried :],
        len(equation.outvars) > carried,
        params["length"],
        params["reverse"],
    )


def _meet_while(equation: Any, values: list[Any]) -> Met:
    params = equation.params
    tested, given = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    carry = [jnp.asarray(value) for value in values[given:]]
    condition = params["cond_jaxpr"], values[:tested]
    return Met(params["body_jaxpr"], values[tested:given], carry, [], False, None, False, condition)


_MEETS = {"scan": _meet_scan, "while": _meet_while}


def _constants_and_carried(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many of what a loop is given are constants, and how many it carries: JAX 0.11 began to keep them as a tree."""
    if "ft_in" in params:
        constants, carried, _ = params["ft_in"].unpack()
        return len(constants), len(carried)
    return params["num_consts"], params["num_carry"]


def wide_loops(function: Callable[..., Any], given: tuple[Any, ...], numbers: int) -> list[tuple[str, int | None]]:
    """Loops of a program, inner programs included, that carry at least so many numbers of one kind: room for a map.

    Args:
        function: What is traced.
        given: What it is given.
        numbers: Of the cells of all levels.

    Returns:
        The primitive of each and its rounds, None where they are not known before.
    """
    found: list[tuple[str, int | None]] = []

    def look(jaxpr: jex.Jaxpr) -> None:
        for equation in jaxpr.eqns:
            name, params = equation.primitive.name, equation.params
            if params.get("name") == _SORTED:
                continue
            if name in _MEETS:
                carried = _constants_and_carried(params)[1] if name == "scan" else len(equation.outvars)
                rounds = params["length"] if name == "scan" else None
                wide = any(math.prod(getattr(out.aval, "shape", ())) >= numbers for out in equation.outvars[:carried])
                if wide and rounds != 1:
                    found.append((name, rounds))
            for inner in inner_programs(params):
                look(inner.jaxpr if isinstance(inner, jex.ClosedJaxpr) else inner)

    look(jax.make_jaxpr(function)(*given).jaxpr)
    return found


def inner_programs(params: Mapping[str, Any]) -> list[jex.ClosedJaxpr | jex.Jaxpr]:
    """The programs that an equation holds."""
    found = []
    for value in params.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, jex.ClosedJaxpr | jex.Jaxpr):
                found.append(item)
    return found
