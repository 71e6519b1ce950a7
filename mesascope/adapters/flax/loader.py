"""`flax:FILE`, `orbax:FOLDER`, `msgpack:FILE`, with `module=MODULE:CLASS`: the references by which agents of flax are named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mesascope.adapters.asking.options import ASKING, asking_of, code_of
from mesascope.adapters.flax.agent import FlaxAgent
from mesascope.adapters.flax.files import read_tree
from mesascope.adapters.flax.modules import as_module, call_of
from mesascope.adapters.references import parse_reference
from mesascope.core.errors import UsageError

OPTIONS = ("module", "params", "carry", *ASKING)
"""`module` (code of the user's), `params` (a place in the file, names apart by slashes), `carry` (`first` or `last`), and those
of all networks.
"""


def load_reference(reference: str, actions: Sequence[str] | None = None, **options: Any) -> FlaxAgent:
    """The agent that a reference names.

    Args:
        reference: `flax:FILE` or `flax:FOLDER`, `msgpack:` or `orbax:`, with options apart by commas.
        actions: Names of its actions in its order, in place of those in the reference.
        options: The same options from Python, in place of what the reference says: `module` may be the module itself.

    Returns:
        The agent.

    Raises:
        AgentFileError: As `mesascope.adapters.flax.files.read_tree`.
        UsageError: An option that there is not, or code that is not found.

    Example:
        >>> agent = load_reference("flax:agent.msgpack,module=nets:MLP,actions=up/down/left/right")  # doctest: +SKIP
    """
    path, given = parse_reference(reference, OPTIONS)
    said = {**given, **options}
    unknown = set(said) - {*OPTIONS, "reported"}
    if unknown:
        raise UsageError(f"{reference}: no option {', '.join(sorted(unknown))}; there are {', '.join(OPTIONS)}")
    if said.get("module") is None:
        kind = reference.partition(":")[0]
        raise UsageError(
            f"'{reference}': parameters alone say nothing of how they are used; write {kind}:{path},module=MODULE:CLASS, "
            "the module of flax.linen or flax.nnx that they are of"
        )
    if said.get("carry") not in (None, "first", "last"):
        raise UsageError(f"carry={said['carry']}: expected first, for (carry, x), or last, for (x, carry)")
    code = code_of("module", said["module"] if isinstance(said["module"], str) else lambda: said["module"])
    made = code.function if isinstance(said["module"], str) else said["module"]
    module = as_module(made, f"module={said['module'] if isinstance(said['module'], str) else type(made).__name__}")
    asking = asking_of(given, actions, options)
    function = None if asking.call is None else asking.call.function
    identity = code.identity if isinstance(said["module"], str) else code_of("module", type(module)).identity
    call = call_of(module, function)
    tree = call.without_wrappers(read_tree(path))
    return FlaxAgent(Path(path), tree, call, identity, asking, said.get("params"), said.get("carry"))
