"""Agents that answer where a page cannot run them: too large for it, of a kind it does not know, or of another library."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.errors import LevelFormatError, MesascopeError, UsageError
from mesascope.core.jsonable import to_json
from mesascope.core.mdp import rewards
from mesascope.core.rng import as_seed
from mesascope.core.solver import evaluate
from mesascope.core.subject import AbstractSubject
from mesascope.drawing.raster import episode_gif
from mesascope.explorer.episodes import EpisodeAnswer, episode
from mesascope.explorer.folders import Folders
from mesascope.explorer.levels import levels_to_begin
from mesascope.instruments.sample import look_at
from mesascope.instruments.settings import FULL, Settings
from mesascope.jobs.answering import BusyError
from mesascope.jobs.runner import Programs
from mesascope.jobs.subjects import AGENT_LOADERS, LEARNED, ORGANISM, PYTHON, find_source
from mesascope.reports.reading import Audit, in_experiment, items, look, part, words
from mesascope.worlds.registry import make_world
from mesascope.worlds.world import AbstractWorld

SERVED, EPISODIC = "served", "episodic"
"""The kinds of agents that the server answers for: those with a policy in every cell, and those that are followed in episodes."""
MOST_LEVELS = 64
"""Levels of one question."""
LONGEST_LEVEL = 4_096
"""Characters of a level: 64 rows of 63 and their ends."""
_TOGETHER = 8
"""Levels that are asked about at once, where there are several: every number of them compiles a program of its own."""
OUTSIDE = "--outside-agents"


class Agent(NamedTuple):
    """An agent in the world of its audit."""

    world: AbstractWorld
    subject: AbstractSubject


class Answer(NamedTuple):
    """What an agent does on one level: by cells, row by row, the border left out."""

    policy: Float[np.ndarray, "cell action"]
    values: Float[np.ndarray, " cell"]


class Agents:
    """The agents of audits below some folders, each loaded when it is first asked.

    Args:
        folders: What lies below the folders.
        outside: Whether agents of other libraries and `python:` references are loaded, which may run the code that they name.
    """

    def __init__(self, folders: Folders, *, outside: bool = False):
        self._folders = folders
        self._outside = outside
        self._loaded: dict[Path, Agent] = {}
        self._locks: dict[Path, threading.Lock] = {}
        self._looking = threading.Lock()
        self._programs = Programs()  # one for each size of level: kept for all sizes, they would fill the memory

    def completed(self, path: Path, audit: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """The audit with its agent as one that the server answers for, where it does not hold one that the page can run.

        Args:
            path: The file of the audit.
            audit: The document.

        Returns:
            The document, and why its agent is not answered for; "" where it is.
        """
        if part(audit, "portable"):
            return audit, ""
        try:
            self._reference(path, audit)
            world = world_of(audit)
            if world.painting is None:
                return audit, f"levels of {world.name} with its configuration here cannot be edited in a page"
            # A document has `episodes` where its agent has a memory, and a world that can be painted has tables.
            episodic = bool(part(audit, "episodes")) or bool(world.painting.headings)
            shown = items(audit, "gallery") or (levels_to_begin(audit) if episodic else [])
        except MesascopeError as error:
            return audit, str(error)
        served = {"agent": {"kind": EPISODIC if episodic else SERVED}, "world": to_json(world.painting)}
        return {**audit, "gallery": shown, "portable": served}, ""

    def answer(self, path: Path, texts: Sequence[str]) -> list[Answer]:
        """What the agent of an audit does on levels.

        Args:
            path: The file of the audit.
            texts: The levels, of one size, border included.

        Returns:
            An answer for each level.

        Raises:
            UsageError: There are too many levels, one is too large, or the agent cannot be loaded; the message says why.
            LevelFormatError: A text is no level.
            SubjectError: The agent's answer is no policy.
            StorageError: The audit cannot be read.
            BusyError: The agent is being loaded.
        """
        if not 0 < len(texts) <= MOST_LEVELS or any(len(text) > LONGEST_LEVEL for text in texts):
            raise UsageError(f"expected 1 to {MOST_LEVELS} levels of at most {LONGEST_LEVEL} characters")
        world, subject = self.agent(path)
        if subject.recurrent:
            raise UsageError(
                "this agent has a memory: what it does depends on what it saw before, not on the level alone"
            )
        found: list[Answer] = []
        together = 1 if len(texts) == 1 else _TOGETHER
        for first in range(0, len(texts), together):
            some = list(texts[first : first + together])
            filled = some + [some[-1]] * (together - len(some))
            found += self._answers(path, world, subject, filled)[: len(some)]
        return found

    def episode(self, path: Path, text: str, seed: int, cell: int | None, heading: int | None) -> EpisodeAnswer:
        """One episode of the agent of an audit on a level, with or without a memory.

        Args:
            path: The file of the audit.
            text: The level, border included.
            seed: Of the actions.
            cell: Where it starts; None: the level's first start.
            heading: How the agent looks at the start; None: the first heading.

        Returns:
            The episode, step by step.

        Raises:
            UsageError: The level is too large, the episode cannot begin there, or the agent cannot be loaded.
            LevelFormatError: The text is no level.
            SubjectError: The agent fails on the level.
            StorageError: The audit cannot be read.
            BusyError: The agent is being loaded.
        """
        if len(text) > LONGEST_LEVEL:
            raise UsageError(f"expected a level of at most {LONGEST_LEVEL} characters")
        world, subject = self.agent(path)
        levels = world.read_levels(text)
        if len(levels) != 1:
            raise LevelFormatError(f"expected 1 level, found {len(levels)}: a level holds no blank line")
        self._programs.use((path, "episode", *(leaf.shape for leaf in jax.tree.leaves(levels))))
        return episode(world, subject, levels, as_seed(seed), cell, heading)

    def _answers(
        self, path: Path, world: AbstractWorld, subject: AbstractSubject, texts: Sequence[str]
    ) -> list[Answer]:
        levels = world.read_levels("\n\n".join(texts))
        if len(levels) != len(texts):
            raise LevelFormatError(f"expected {len(texts)} levels, found {len(levels)}: a level holds no blank line")
        self._programs.use((path, *(leaf.shape for leaf in jax.tree.leaves(levels))))
        sample = look_at(world, subject, levels, "asked")
        goal = jnp.asarray(world.intended_goal.vector(world.features))
        value = evaluate(sample.mdp, sample.policy, rewards(sample.mdp, goal), world.discount)
        policy, values = jax.device_get((sample.policy, value))
        return [
            Answer(np.asarray(p, np.float64), np.asarray(v, np.float64)) for p, v in zip(policy, values, strict=True)
        ]

    def moving(self, path: Path, text: str, cells: Sequence[int], policy: Sequence[Sequence[float]] | None) -> bytes:
        """An episode in the world of an audit as a GIF; the agent is not asked.

        Args:
            path: The file of the audit.
            text: The level, border included.
            cells: The cells of the episode, in the order of the visit.
            policy: Probabilities of the actions in each cell, drawn as arrows; None: no arrows.

        Returns:
            The file.

        Raises:
            UsageError: What is given does not fit the level, or the world has no pictures.
            LevelFormatError: The text is no level.
            StorageError: The audit cannot be read.
        """
        if len(text) > LONGEST_LEVEL or not 0 < len(cells) <= LONGEST_LEVEL:
            raise UsageError(f"expected a level of at most {LONGEST_LEVEL} characters, and an episode on it")
        world = world_of(self._folders.document(path))
        levels = world.read_levels(text)
        drawing = world.drawing(levels, 0) if len(levels) == 1 else None
        if drawing is None:
            raise UsageError("expected one level, of a world that has pictures")
        try:
            return episode_gif(drawing, cells, policy=None if policy is None else np.asarray(policy, np.float64))
        except (ValueError, IndexError) as error:
            raise UsageError(f"the episode cannot be drawn: {error}") from None

    def agent(self, path: Path) -> Agent:
        """The agent of an audit, loaded if it is not yet; `BusyError` while another thread loads it. Raises as `answer` does."""
        with self._looking:
            lock = self._locks.setdefault(path, threading.Lock())
        if path in self._loaded:
            return self._loaded[path]
        if not lock.acquire(blocking=False):
            raise BusyError("the agent is being loaded")
        try:
            if path not in self._loaded:
                audit = self._folders.document(path)
                world = world_of(audit)
                source = find_source(self._reference(path, audit), world)
                sizes = _sizes(part(audit, "levels"))
                made = source.make(sizes, as_seed(look(audit, "seed") or 0))
                self._loaded[path] = Agent(world, made.subject.for_actions(world.actions))
            return self._loaded[path]
        finally:
            lock.release()

    def _reference(self, path: Path, audit: Audit) -> str:
        """The reference by which an agent can be loaded; `UsageError` says why it cannot be."""
        kind, ref = words(audit, "subject", "kind"), words(audit, "subject", "ref")
        if in_experiment(audit):
            raise UsageError("an experiment's agents are not asked about levels")
        if kind == "trained":
            folder = path.parent / LEARNED
            if not folder.is_dir() or not self._folders.holds(folder):
                raise UsageError(f"its weights are not beside its audit: expected a folder {LEARNED} there")
            return str(folder)
        if ref.startswith(ORGANISM):
            return ref
        prefix, colon, _ = ref.partition(":")
        if colon and (ref.startswith(PYTHON) or prefix in AGENT_LOADERS):
            if not self._outside:
                raise UsageError(
                    f"{ref}: to load it may run the code that it names: start with {OUTSIDE} if you trust it"
                )
            return ref
        if kind == "saved" and (self._outside or self._folders.holds(Path(ref).resolve())):
            return ref
        raise UsageError(f"'{ref}' does not lie below the folders that were named")


def _sizes(levels: Mapping[str, Any]) -> Settings:
    """Sizes of an audit, as its document says them: what an organism stores hangs on them."""

    def said(key: str, otherwise: int) -> int:
        count = levels.get(key)
        return count if isinstance(count, int) and count > 0 else otherwise

    return FULL._replace(
        levels=said("per_distribution", FULL.levels),
        contested=said("contested", FULL.contested),
        per_test=said("per_test", FULL.per_test),
    )


def world_of(audit: Audit) -> AbstractWorld:
    """The world of an audit, as it was configured; `UsageError` where it is not known here."""
    return make_world(words(audit, "world", "name"), **part(audit, "world", "knobs"))
