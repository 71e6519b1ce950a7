"""Plain Python called from compiled programs: NumPy arrays in, NumPy arrays out.

`jax.pure_callback` hands its arguments over through the runtime's own pool of threads and then waits for them there; with
one core, or with several computations under way on two, that wait never ends (jax issue 24255). The primitive here hands
over what the compiled program holds, as NumPy arrays that are read only, and nothing waits.
"""

from collections.abc import Callable, Sequence

import jax
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import mlir
from jaxtyping import Array

HostFunction = Callable[..., Sequence[np.ndarray]]

_host_call = Primitive("mesascope_host_call")
_host_call.multiple_results = True
_host_call.def_abstract_eval(
    lambda *_, function, shapes: [jax.core.ShapedArray(shape, np.dtype(np.float32)) for shape in shapes]
)
_host_call.def_impl(
    lambda *values, function, shapes: [jax.numpy.asarray(x) for x in function(*map(np.asarray, values))]
)


def _lower(ctx, *values, function: HostFunction, shapes):
    result, _, _ = mlir.emit_python_callback(
        ctx,
        lambda *arrays: tuple(function(*arrays)),
        None,
        list(values),
        ctx.avals_in,
        ctx.avals_out,
        has_side_effect=False,
        returns_token=False,
    )
    return result


mlir.register_lowering(_host_call, _lower, platform="cpu", cacheable=False)


def host_call(function: HostFunction, shapes: Sequence[tuple[int, ...]], *values: Array) -> tuple[Array, ...]:
    """`function(*values)` as float32 arrays of `shapes`, from within a compiled program, on CPU.

    The function must be pure: it may be called more than once, or not at all, and from any thread. Mapped over with
    `vmap`, it is called once for each element. What it raises comes out as a `JaxRuntimeError` that holds the
    message; `mesascope.core.errors.said` finds it again.
    """

    @jax.custom_batching.sequential_vmap
    def call(*values: Array) -> tuple[Array, ...]:
        return tuple(_host_call.bind(*values, function=function, shapes=tuple(shapes)))

    return call(*values)
