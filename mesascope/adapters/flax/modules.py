"""How a flax module is made and called, and which variables it would make for inputs of given shapes."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from mesascope.adapters.flax.files import Tree
from mesascope.adapters.flax.nnx_modules import NNXCall
from mesascope.adapters.libraries import import_extra
from mesascope.core.errors import UsageError, said

Module = Any
"""A module of flax, which is not there when this is imported."""
EVALUATION = {
    "train": False,
    "training": False,
    "is_training": False,
    "deterministic": True,
    "use_running_average": True,
}
"""Arguments by which modules are told that they are not trained, given where a module takes one of these names."""
KEPT_BY_NOBODY = ("intermediates", "losses", "perturbations")
"""Collections that a pass leaves behind and that are no part of a module's state."""


def as_module(made: object, what: str) -> Module:
    """A flax module from what a name stands for: a module, or a class or function without arguments that makes one.

    Args:
        made: What was found.
        what: Where, at the beginning of a message.

    Returns:
        The module, of flax.linen or of flax.nnx; the latter in evaluation mode.

    Raises:
        UsageError: It is no such thing.
    """
    linen, nnx = import_extra("flax.linen", "flax"), import_extra("flax.nnx", "flax")
    try:
        module = made() if callable(made) and not isinstance(made, linen.Module | nnx.Module) else made
    except Exception as error:
        raise UsageError(
            f"{what}: making the module failed: {said(error)}; expected a class or a function without arguments: of a class "
            "that takes some, name a function that gives them"
        ) from error
    if isinstance(module, linen.Module):
        return module
    if isinstance(module, nnx.Module):
        evaluated = nnx.clone(module)  # the user's own stays as it is
        evaluated.eval()
        return evaluated
    raise UsageError(f"{what}: found a {type(module).__name__}; expected a module of flax.linen or flax.nnx")


def call_of(module: Module, function: Callable[..., Any] | None = None) -> "Call | NNXCall":
    """How a module of either interface is called: `function(module, *inputs)`, or the module itself unless given."""
    is_nnx = isinstance(module, import_extra("flax.nnx", "flax").Module)
    return NNXCall(module, function) if is_nnx else Call(module, function)


class Call(NamedTuple):
    """How a module of flax.linen is called.

    Attributes:
        module: The module.
        function: Called as `function(module, *inputs)`, the module with its variables; the module itself unless given.
    """

    module: Module
    function: Callable[..., Any] | None = None

    @property
    def described(self) -> str:
        """What an audit depends on of the module, beside its code."""
        return repr(self.module)

    def __call__(self, variables: Any, *inputs: Any) -> Any:
        """What the module puts out with these variables."""
        linen = import_extra("flax.linen", "flax")
        return linen.apply(self._called, self.module)(variables, *inputs)

    def variables(self, *inputs: Any) -> dict[str, Any]:
        """Shapes and types of the variables that the module makes for inputs of these shapes, without making them.

        Args:
            inputs: Arrays, or shapes and types.

        Returns:
            Collections by name.
        """
        linen = import_extra("flax.linen", "flax")

        def made(key: jax.Array, *inputs: Any) -> Any:
            keys = {name: jax.random.fold_in(key, number) for number, name in enumerate(("params", "dropout", "carry"))}
            return linen.init(self._called, self.module)(keys, *inputs)

        found = jax.eval_shape(made, jax.random.key(0), *inputs)
        return {name: value for name, value in found.items() if name not in KEPT_BY_NOBODY}

    def carry(self, shape: tuple[int, ...]) -> Any:
        """The module's own carry at the beginning, for inputs of this shape."""
        return self.module.initialize_carry(jax.random.key(0), shape)

    def without_wrappers(self, tree: Tree) -> Tree:
        """What a file holds, as it is."""
        return tree

    def _called(self, module: Module, *inputs: Any) -> Any:
        if self.function is not None:
            return self.function(module, *inputs)
        takes = inspect.signature(type(module).__call__).parameters
        return module(*inputs, **{name: value for name, value in EVALUATION.items() if name in takes})
