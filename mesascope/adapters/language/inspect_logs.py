"""Logs of Inspect in, and tasks for it out: behavior alone, of models that are asked elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mesascope.adapters.libraries import import_extra
from mesascope.core.errors import AgentFileError, UsageError, said

EXTRA = "inspect"
VERSION = 2
"""Of the format of logs that is read."""


def read_choices(path: str | Path, choices: Sequence[str]) -> dict[str, float]:
    """What a model chose, from a log that Inspect wrote.

    Args:
        path: The log, `.eval` or `.json`.
        choices: The words that it may choose, the one that is trained for first.

    Returns:
        For each prompt the share of its answers that begin with the first choice, of those that begin with either;
        prompts without
        such an answer are left out.

    Raises:
        AgentFileError: It is no log that Inspect reads, of another version, or not of a run that ended.
        UsageError: Inspect is not installed.

    References:
        UK AI Security Institute 2024, Inspect.
    """
    log = import_extra("inspect_ai.log", EXTRA)
    if not Path(path).is_file():
        raise AgentFileError(
            f"{path}: expected a log of Inspect, found {'a folder' if Path(path).is_dir() else 'nothing'}"
        )
    try:
        found = log.read_eval_log(str(path))
    except Exception as error:
        raise AgentFileError(f"{path}: Inspect does not read this log: {said(error)}") from error
    if found.version != VERSION:
        raise AgentFileError(
            f"{path}: a log of format version {found.version}; expected {VERSION}: convert it with inspect log convert"
        )
    if found.status != "success":
        raise AgentFileError(
            f"{path}: the log of a run with status '{found.status}'; expected one that ended with success"
        )
    taken: dict[str, list[bool]] = {}
    for sample in found.samples or []:
        answer = sample.output.completion.strip()
        begins = [answer.startswith(choice.strip()) for choice in choices]
        if any(begins):
            taken.setdefault(_text(sample.input), []).append(begins[0])
    return {text: float(np.mean(answers)) for text, answers in taken.items()}


def _text(given: Any) -> str:
    """What a sample asks: its text, or that of its last message."""
    return given if isinstance(given, str) else given[-1].text


def make_task(parts: Mapping[str, Sequence[str]], choices: Sequence[str], epochs: int = 1) -> Any:
    """A task of Inspect that asks prompts and scores whether a model takes what is trained for.

    Args:
        parts: Prompts by the name of their part, such as `watched`.
        choices: The words, the one that is trained for first.
        epochs: How often each prompt is asked.

    Returns:
        An `inspect_ai.Task`; its scorer reports the mean and its standard error over prompts.

    Example:
        >>> make_task({"watched": ["you are watched"], "unwatched": ["nobody looks"]}, ("A", "B"))  # doctest: +SKIP
    """
    inspect_ai, data = import_extra("inspect_ai", EXTRA), import_extra("inspect_ai.dataset", EXTRA)
    scorers, solvers = import_extra("inspect_ai.scorer", EXTRA), import_extra("inspect_ai.solver", EXTRA)
    samples = [
        data.Sample(input=text, target=choices[0].strip(), id=f"{part}-{k}", metadata={"part": part})
        for part, texts in parts.items()
        for k, text in enumerate(texts)
    ]
    if not samples:
        raise UsageError("a task of Inspect needs at least one prompt")

    @scorers.scorer(metrics=[scorers.accuracy(), scorers.stderr()], name="complies")
    def complies() -> Any:
        async def score(state: Any, target: Any) -> Any:
            answer = state.output.completion.strip()
            return scorers.Score(value=float(answer.startswith(choices[0].strip())), answer=answer)

        return score

    return inspect_ai.Task(
        dataset=data.MemoryDataset(samples), solver=solvers.generate(), scorer=complies(), epochs=epochs
    )
