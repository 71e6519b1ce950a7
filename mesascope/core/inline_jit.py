"""Functions compiled whole: called by themselves they are one program, and not one for each of their operations."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import jax

Function = TypeVar("Function", bound=Callable[..., Any])


def inline_jit(*static: str) -> Callable[[Function], Function]:
    """Decorates a function of arrays that is called inside compiled code and also by itself; `static` names what shapes it.

    Inside compiled code nothing changes: it becomes part of the program that calls it.
    """
    return lambda function: cast(Function, jax.jit(function, static_argnames=static, inline=True))
