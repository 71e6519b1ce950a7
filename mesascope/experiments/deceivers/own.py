"""Models of one's own as subjects of `deceivers`: a folder of transformers, a log of Inspect, or activations in a file."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.adapters.language.activations import Activations, read_activations
from mesascope.adapters.language.agent import LanguageAgent, load_language_agent
from mesascope.adapters.language.inspect_logs import read_choices
from mesascope.adapters.language.prompt_file import read_prompt_file
from mesascope.adapters.references import parse_reference
from mesascope.core.errors import UsageError
from mesascope.experiments.deceivers.instruments import Subject
from mesascope.experiments.deceivers.own_prompts import prompts_of
from mesascope.experiments.deceivers.prompts import PromptSet, Settings

SUBJECT = "subject"
"""Name of the one kind of which there are models."""


class Own(NamedTuple):
    """A subject of one's own: what is audited, what it is called, all that an audit of it depends on."""

    subject: Subject
    name: str
    identity: dict[str, Any]


def load_own(ref: str) -> Own:
    """The subject that a reference names.

    Args:
        ref: `hf:FOLDER,prompts=FILE.toml`, `inspect:LOG.eval,prompts=FILE.toml` or `activations:FILE.npz`.

    Raises:
        UsageError: Another kind of reference, a missing option, prompts or activations that do not fit.
        AgentFileError: A folder or a log that cannot be read.
    """
    check_own(ref)
    kind = ref.partition(":")[0]
    return LOADERS[kind](ref, *_parts(ref, wanted=kind != "activations"))


def check_own(ref: str) -> None:
    """`UsageError` for a reference to nothing that is read here."""
    if ref.partition(":")[0] not in LOADERS:
        raise UsageError(
            f"subject '{ref}': expected hf:FOLDER,prompts=FILE.toml, inspect:LOG.eval,prompts=FILE.toml, "
            f"activations:FILE.npz, or "
            "none: --set kind=... says which model is made and audited"
        )


def _parts(ref: str, wanted: bool) -> tuple[str, str]:
    path, given = parse_reference(ref, ("prompts",) if wanted else ())
    if wanted and not given.get("prompts"):
        raise UsageError(
            f"subject '{ref}': write {ref},prompts=FILE.toml, the file that names prompts, choices, flag and stake"
        )
    return path, given.get("prompts", "")


def own_of(agent: LanguageAgent) -> Own:
    """A loaded model as a subject; every prompt is read, so that one which does not fit the model is said before
    anything long.
    """
    model, prompts = agent.model, prompts_of(agent.prompts)
    for text in _every(prompts):
        model.encode([text])
    subject = _subject(prompts, lambda texts: model.chances(texts)[:, 0], agent.name)
    return Own(subject._replace(open={SUBJECT: [model]}, before=[model.untrained(0)]), agent.name, agent.identity)


def _model(ref: str, folder: str, prompts: str) -> Own:
    return own_of(load_language_agent(ref, folder, prompts))


def _log(ref: str, path: str, prompts: str) -> Own:
    file = read_prompt_file(prompts)
    chosen = read_choices(path, file.choices)
    asked = _answered(prompts_of(file), chosen, path)
    identity = {"inspect": _hash(path), "prompts": file.model_dump(mode="json")}
    return Own(_subject(asked, partial(_looked_up, chosen), Path(path).name), Path(path).name, identity)


def _activations(ref: str, path: str, prompts: str) -> Own:
    found: Activations = read_activations(path)
    empty = PromptSet(("", ""), [], [])
    subject = Subject(SUBJECT, {}, empty, {SUBJECT: "activations in a file"}, activations=found)
    return Own(subject, Path(path).name, {"activations": _hash(path)})


def _subject(prompts: PromptSet, ask: Callable[[Sequence[str]], Float[np.ndarray, " prompt"]], name: str) -> Subject:
    return Subject(SUBJECT, {SUBJECT: [ask]}, prompts, {SUBJECT: name})


def _looked_up(chosen: Mapping[str, float], texts: Sequence[str]) -> Float[np.ndarray, " prompt"]:
    return np.array([chosen[text] for text in texts])


def _answered(prompts: PromptSet, chosen: Mapping[str, float], path: str) -> PromptSet:
    """What of a set of prompts a log has answers to."""

    def has(part: Any) -> bool:
        return part is not None and all(text in chosen for text in _texts(part))

    missing = [text for text in (*prompts.watched, *prompts.unwatched) if text not in chosen]
    if missing:
        raise UsageError(
            f"{path}: no answer with a choice to '{missing[0]}', which the prompts name ({len(missing)} of "
            f"{2 * len(prompts.watched)} are missing); expected the log of a task with these prompts"
        )
    return prompts._replace(
        neutral=prompts.neutral if has(prompts.neutral) else None,
        stakes=prompts.stakes if has(prompts.stakes) else None,
        settings=prompts.settings if has(prompts.settings) else None,
        pointed=prompts.pointed if has(prompts.pointed) else None,
        ordered=prompts.ordered if has(prompts.ordered) else None,
        free=None,
    )


def _texts(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, Settings):
        return part.texts
    inner = part.values() if isinstance(part, Mapping) else part
    return [text for each in inner if isinstance(each, str | list | tuple | Mapping) for text in _texts(each)]


def _every(prompts: PromptSet) -> list[str]:
    parts = (prompts.watched, prompts.unwatched, prompts.stakes, prompts.pointed, prompts.ordered, prompts.free)
    return [text for part in (*parts, list(prompts.unrelated)) if part for text in _texts(part)]


def _hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


LOADERS = {"hf": _model, "inspect": _log, "activations": _activations}
"""What reads each kind of reference."""
