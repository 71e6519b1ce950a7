"""`hf:FOLDER,tokens=MODULE:FUNCTION,moves=35/36/37/38,end=39`: the reference by which a language model as an agent is named."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mesascope.adapters.asking.agent import AskedAgent
from mesascope.adapters.asking.network import Network
from mesascope.adapters.asking.options import asking_of
from mesascope.adapters.hf.decoding import Vocabulary, write_paths
from mesascope.adapters.hf.folder import CONFIG, load_model
from mesascope.adapters.language.agent import LanguageAgent, load_language_agent
from mesascope.adapters.references import SEPARATOR, parse_reference
from mesascope.adapters.torch_functions import weights_of
from mesascope.core.errors import UsageError, unknown

FITTING = ("view", "actions", "length", "expect_return", "expect_episodes", "limit")
"""Options of all networks that mean something for one that writes its moves."""
OPTIONS = ("tokens", "moves", "end", "prompts", *FITTING)
"""`tokens` (from a batch of the view to rows of tokens), `moves` (tokens of the actions in the agent's order), `end` (the token
that ends a path), `prompts` (in their place, a file of prompts for a model that chooses between words), and those of
all networks that fit.
"""


def load_reference(reference: str, actions: Sequence[str] | None = None, **options: Any) -> AskedAgent | LanguageAgent:
    """The agent that a reference names.

    Args:
        reference: `hf:FOLDER`, with options apart by commas.
        actions: Names of its actions in its order, in place of those in the reference.
        options: The same options from Python, in place of what the reference says: `tokens` may be the function itself.

    Returns:
        The agent: it is asked once in each episode, and the path that it writes is followed; with `prompts`, a model
        that chooses.

    Raises:
        AgentFileError: As `mesascope.adapters.hf.folder.load_model`.
        UsageError: An option that there is not or that is missing, or tokens that the model does not have.

    Example:
        >>> agent = load_reference("hf:gpt2,tokens=mine:tokens,moves=35/36/37/38,end=39")  # doctest: +SKIP
    """
    path, given = parse_reference(reference, OPTIONS)
    said: dict[str, Any] = {**given, **options}
    other = next((name for name in said if name not in (*OPTIONS, "reported")), None)
    if other is not None:
        raise unknown("option of hf:", other, OPTIONS)
    if said.get("prompts") is not None:
        odd = sorted(set(said) - {"prompts"})
        if odd or actions is not None:
            raise UsageError(
                f"'{reference}': prompts= is for a model that chooses between words, and {odd[0] if odd else 'actions'}= for one "
                "that writes moves: leave one of them out"
            )
        return load_language_agent(f"hf:{path},prompts={said['prompts']}", path, said["prompts"])
    missing = [name for name in ("tokens", "moves") if said.get(name) is None]
    if missing:
        raise UsageError(
            f"'{reference}': write {' and '.join(f'{name}=' for name in missing)}: hf:{path},tokens=MODULE:FUNCTION,"
            "moves=35/36/37/38,end=39, the function that writes a batch of the view as rows of tokens, and the tokens of the "
            "actions in the agent's order"
        )
    words = _vocabulary(said["moves"], said.get("end"))
    asked = {name: value for name, value in said.items() if name in (*FITTING, "reported")}
    asking = asking_of({}, actions, {**asked, "observe": said["tokens"], "answers": "path"})
    if asking.actions is not None and len(asking.actions) != len(words.moves):
        raise UsageError(
            f"moves={said['moves']} for the actions {'/'.join(asking.actions)}: expected one token for each"
        )
    return AskedAgent(_network(Path(path), words, asking.length), asking, batch=1024)


def _network(path: Path, words: Vocabulary, length: int) -> Network:
    model = load_model(path)
    size = model.get_output_embeddings().weight.shape[0]
    beyond = [token for token in words.tokens if token >= size]
    if beyond:
        raise UsageError(
            f"{path}: token {beyond[0]} is beyond the model's vocabulary, 0 to {size - 1}: moves= and end="
        )
    return Network(
        f"{path.name} ({model.config.model_type})",
        {"hf": hashlib.sha256((path / CONFIG).read_bytes()).hexdigest(), "words": list(words.tokens)},
        weights_of(model),
        lambda weights, ids: write_paths(model, np.asarray(ids), words, length),
        arrange=None,
        module=model,
    )


def _vocabulary(moves: Any, end: Any) -> Vocabulary:
    numbers = moves.split(SEPARATOR) if isinstance(moves, str) else list(moves)
    found = [_token("moves", number) for number in numbers]
    last = None if end is None else _token("end", end)
    if len({*found, last}) <= len(found) - (last is None) or len(set(found)) < len(found):
        raise UsageError(f"moves={moves}, end={end}: expected different tokens")
    return Vocabulary(tuple(found), last)


def _token(name: str, value: Any) -> int:
    text = str(value).strip()
    if not text.isdigit():
        raise UsageError(f"{name}={value}: expected numbers of tokens, such as moves=35/36/37/38 and end=39")
    return int(text)
