"""`onnx:FILE[,output=NAME,...]`: the reference by which an agent in an ONNX file is named."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mesascope.adapters.asking.agent import AskedAgent
from mesascope.adapters.asking.network import Network
from mesascope.adapters.asking.options import ASKING, READY, asking_of
from mesascope.adapters.onnx.memory import States, read_states
from mesascope.adapters.onnx.session import Model, open_model
from mesascope.adapters.references import parse_reference
from mesascope.core.errors import SubjectError, UsageError, unknown

OPTIONS = ("states", *ASKING)
"""`states` (inputs and outputs of a memory, `h0:hn/c0:cn`), and those of all networks; `output` may be a name."""


def load_reference(reference: str, actions: Sequence[str] | None = None, **options: Any) -> AskedAgent:
    """The agent that a reference names.

    Args:
        reference: `onnx:FILE`, with options apart by commas.
        actions: Names of its actions in its order, in place of those in the reference.
        options: The same options from Python, in place of what the reference says.

    Returns:
        The agent.

    Raises:
        AgentFileError: As `mesascope.adapters.onnx.session.open_model`.
        UsageError: An option that there is not, or an output or a state that the file does not have.

    Example:
        >>> agent = load_reference("onnx:agent.onnx,output=logits,actions=up/down/left/right")  # doctest: +SKIP
    """
    path, given = parse_reference(reference, OPTIONS)
    said: dict[str, Any] = {**given, **options}
    if said.get("call") is not None:
        raise UsageError(
            f"{path}: call= calls the module of a library; an ONNX file is called with its inputs (observe=) alone"
        )
    model = open_model(path)
    states = read_states(model, said.get("states"), str(said.get("recurrent", "")).lower() == "true")
    rest = [port.name for port in model.outputs if port.name not in states.after]
    if "output" in said:
        said["output"] = _number(str(said["output"]), rest)
    asking = asking_of({}, actions, said)
    return AskedAgent(network_of(model, states), asking)


def network_of(model: Model, states: States) -> Network:
    """A model as a network: its outputs in their order, and of a recurrent one its states as the memory."""
    shown = [port.name for port in model.inputs if port.name not in states.before]

    def call(_: Any, *inputs: Any) -> Any:
        *seen, memory = inputs if states.before else (*inputs, ())
        given = {**dict(zip(shown, seen, strict=False)), **dict(zip(states.before, memory, strict=True))}
        arrays = [np.asarray(given[port.name]) for port in model.inputs if port.name in given]
        found = dict(zip((port.name for port in model.outputs), model.run(*arrays), strict=True))
        rest = tuple(value for name, value in found.items() if name not in states.after)
        if states.before:
            return (*rest, tuple(found[name] for name in states.after))
        return rest[0] if len(rest) == 1 else rest

    return Network(
        f"{model.path.name} (ONNX)",
        {"onnx": model.sha256, "states": [*states.before, *states.after]},
        {},
        call,
        initial=(lambda _, actors: states.blank(actors)) if states.before else None,
        looks_recurrent=states.suspected,
        arrange=lambda pictures: _arranged(model, pictures),
    )


def _arranged(model: Model, pictures: np.ndarray) -> np.ndarray:
    """Pictures, channels last, in the only order that the first input takes."""
    port = model.inputs[0]
    fitting = {name: made for name, put in READY.items() if port.takes((made := put(pictures)).shape)}
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    found = f"{model.path}: input {port.text} and a view of shape {pictures.shape[1:]}"
    if fitting:
        raise UsageError(f"{found} fit in several ways: write observe={' or observe='.join(fitting)}")
    raise SubjectError(f"{found} do not fit: write view=, observe=MODULE:FUNCTION, or choose another size of levels")


def _number(output: str, names: list[str]) -> int:
    if output in names:
        return names.index(output)
    if output.lstrip("-").isdigit():
        return int(output)
    raise unknown("output", output, names)
