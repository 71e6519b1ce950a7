"""How a module of flax.nnx is called with the variables that a file holds: they are its own attributes, and no collections."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

from mesascope.adapters.flax.files import Tree
from mesascope.adapters.flax.variables import PARAMS
from mesascope.adapters.libraries import import_extra

VALUE = ("value", "raw_value")
"""Names under which a folder of orbax may hold the array of a variable, where variables were saved and not a pure dict."""


class NNXCall(NamedTuple):
    """How a module of flax.nnx is called: as `mesascope.adapters.flax.modules.Call`, all variables in the collection `params`.

    Attributes:
        module: The module, whose own numbers are not used.
        function: Called as `function(module, *inputs)`, the module with the variables; the module itself unless given.
    """

    module: Any
    function: Callable[..., Any] | None = None

    @property
    def described(self) -> str:
        """What an audit depends on of the module, beside its code: its class, and names and shapes of its variables."""
        shapes = {"/".join(map(str, path)): tuple(variable.shape) for path, variable in self._state()}
        return f"{type(self.module).__name__}({shapes})"

    def __call__(self, variables: Any, *inputs: Any) -> Any:
        """What the module puts out with these variables."""
        nnx = import_extra("flax.nnx", "flax")
        graph, _, rest = nnx.split(self.module, _is_kept, ...)
        held = [(path, variable.replace(_at(variables[PARAMS], path))) for path, variable in self._state()]
        # What a pass changes of a module that is not trained is thrown away with the module.
        module = nnx.merge(graph, nnx.from_flat_state(held), rest)
        return (self.function or _call)(module, *inputs)

    def variables(self, *inputs: Any) -> dict[str, Any]:
        """Shapes and types of the variables that the module has, once it is seen to take inputs of these shapes.

        Args:
            inputs: Arrays, or shapes and types.

        Returns:
            The collection `params`.
        """
        own: dict[str, Any] = {}
        for path, variable in self._state():
            *above, name = map(str, path)
            inside = own
            for part in above:
                inside = inside.setdefault(part, {})
            inside[name] = jax.ShapeDtypeStruct(variable.shape, variable.dtype)
        jax.eval_shape(lambda variables, *given: self(variables, *given), {PARAMS: own}, *inputs)
        return {PARAMS: own}

    def carry(self, shape: tuple[int, ...]) -> Any:
        """The module's own carry at the beginning, for inputs of this shape."""
        return self.module.initialize_carry(shape, import_extra("flax.nnx", "flax").Rngs(0))

    def without_wrappers(self, tree: Tree) -> Tree:
        """What a file holds, with arrays where variables were saved."""
        return {name: _unwrapped(value) for name, value in tree.items()}

    def _state(self) -> list[tuple[tuple[Any, ...], Any]]:
        nnx = import_extra("flax.nnx", "flax")
        return list(nnx.to_flat_state(nnx.split(self.module, _is_kept, ...)[1]))


def _call(module: Any, *inputs: Any) -> Any:
    return module(*inputs)


def _is_kept(path: Any, variable: Any) -> bool:
    """Random states are in no file of an agent: nothing is drawn where nothing is trained."""
    return not isinstance(variable, import_extra("flax.nnx", "flax").RngState)


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        tree = tree[str(name)]
    return tree


def _unwrapped(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1 and (name := next(iter(value))) in VALUE and not isinstance(value[name], Mapping):
        return value[name]
    return {str(name): _unwrapped(part) for name, part in value.items()}
