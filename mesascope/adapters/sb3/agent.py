"""An agent of Stable-Baselines3 as somebody holds it: asked with NumPy arrays, it gives the preferences it acts by."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array as JaxArray
from jaxtyping import Bool, Float, UInt32

from mesascope.adapters.asking.network import explained, greedy
from mesascope.adapters.asking.options import Code, code_of
from mesascope.adapters.checks import digest
from mesascope.adapters.replay import ReportedReturn
from mesascope.adapters.sb3.archive import Archive, read_archive
from mesascope.adapters.sb3.described import Space
from mesascope.adapters.sb3.libraries import import_library
from mesascope.adapters.sb3.observations import Batch, Normalization, as_batch
from mesascope.adapters.sb3.policy import Built, build_policy
from mesascope.adapters.torch_functions import Weights, import_torch, running, weights_of
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.subject import AbstractSubject
from mesascope.worlds.world import AbstractWorld

NEVER = -100.0
"""Logit of an action that is masked out: its probability is 0 in float32."""
Masks = Callable[[Any], Any]
"""From observations, one a row, to which actions are allowed in each: `(query, action)`."""


class Memory(NamedTuple):
    """What an LSTM keeps, of the actor alone: the critic's is not kept, as it does not act."""

    hidden: Float[np.ndarray, "layer actor unit"]
    cell: Float[np.ndarray, "layer actor unit"]


@dataclasses.dataclass(frozen=True)
class SB3Agent:
    """An agent of Stable-Baselines3 or sb3-contrib.

    PPO, A2C, MaskablePPO and RecurrentPPO act by the probabilities of their policy, or with `deterministic` by the most probable
    action. DQN acts greedily: it takes the action of the greatest value, and where several have it, each equally often
    (`predict` takes the first of them).

    Attributes:
        archive: The file.
        built: The policy.
        actions: Names of the actions, in the order of its outputs; None where nobody has said.
        deterministic: Whether it takes its most probable action.
        normalization: Statistics of `VecNormalize` under which it was trained.
        masks: Which actions are allowed, of MaskablePPO.
        view: Name of the view that it is shown; None for the only one that fits.
        observe: Makes what it observes from a batch of the view; None where the view is what it observes.
        reported: The return that its owner reports.
        batch: Most observations of one call.
    """

    archive: Archive
    built: Built
    actions: tuple[str, ...] | None = None
    deterministic: bool = False
    normalization: Normalization | Mapping[str, Normalization] | None = None
    masks: Masks | None = None
    view: str | None = None
    observe: Code | None = None
    reported: ReportedReturn | None = None
    batch: int = 4096

    @property
    def name(self) -> str:
        """File and algorithm."""
        return f"{self.archive.path.name} ({self.algorithm}{', deterministic' if self.deterministic else ''})"

    @property
    def identity(self) -> dict[str, Any]:
        """What an audit of it depends on, beside its weights."""
        names = None if self.actions is None else list(self.actions)
        plain = {"sb3": self.archive.sha256, "actions": names, "view": self.view, "deterministic": self.deterministic}
        return plain if self.observe is None else {**plain, "observe": self.observe.identity}

    def observed(self, shown: np.ndarray) -> Any:
        """What it observes of what a view shows, `(query, ...)`."""
        if self.observe is None:
            return shown
        with explained("observe", shown):
            return self.observe.function(shown)

    def subject(self, world: AbstractWorld) -> AbstractSubject:
        """The subject that it is in a world: see `subject_of`, and `recurrent_subject` for an agent with a memory."""
        # Both are made of agents, and import this.
        from mesascope.adapters.sb3.recurrent import recurrent_subject
        from mesascope.adapters.sb3.subject import subject_of

        return recurrent_subject(self, world, self.view) if self.recurrent else subject_of(self, world, self.view)

    @property
    def algorithm(self) -> str:
        """`PPO`, `A2C`, `DQN`, `RecurrentPPO` or `MaskablePPO`."""
        return self.built.algorithm

    @property
    def observation_space(self) -> Space:
        """What it observes, a space of Gymnasium; images channels first, as Stable-Baselines3 keeps them."""
        return self.built.observation_space

    @property
    def action_space(self) -> Space:
        """Its actions, a `Discrete` space of Gymnasium."""
        return self.built.action_space

    @property
    def recurrent(self) -> bool:
        """Whether it has a memory that lasts from step to step."""
        return hasattr(self.built.module, "lstm_actor")

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The weights by name."""
        return weights_of(self.built.module)

    @property
    def digest(self) -> UInt32[JaxArray, "8"]:
        """What tells it from another agent: its weights and all that is done before and after them."""
        own = [(name, np.asarray(value)) for name, value in sorted(self.weights.items())]
        kinds = self.normalization if isinstance(self.normalization, Mapping) else {"": self.normalization}
        for part, statistics in kinds.items():
            # Value by value: the text of a long array leaves most of it out.
            own += [
                (f"{part} {name}", np.asarray(x)) for name, x in (statistics._asdict().items() if statistics else ())
            ]
        return digest([*own, (f"{self.algorithm} {self.deterministic}", np.zeros(0))])

    def logits(self, observations: Any) -> Float[np.ndarray, "query action"]:
        """The preferences by which it acts: their softmax are its probabilities.

        Args:
            observations: One a row, as its environment gives them; pictures channels first or last, parts of a `Dict` by name.

        Returns:
            A row of logits for each, in the order of its own actions.

        Raises:
            SubjectError: The observations are not those of its space, it is recurrent, or masks are missing or allow nothing.

        Example:
            >>> agent.logits(np.zeros((2, 147)))  # doctest: +SKIP
        """
        if self.recurrent:
            raise SubjectError(
                f"{self.archive.path} is recurrent ({self.algorithm}): what it does depends on what it has seen, and "
                "it is not asked as if it had no memory. Use `step`"
            )
        rows = len(next(iter(observations.values())) if isinstance(observations, Mapping) else observations)
        parts = []
        for first in range(0, rows, self.batch):
            some = slice(first, first + self.batch)
            shown = (
                {name: part[some] for name, part in observations.items()}
                if isinstance(observations, Mapping)
                else observations[some]
            )
            parts.append(self._answer(as_batch(self.observation_space, shown, self.normalization), shown))
        return np.concatenate(parts) if parts else np.zeros((0, int(self.action_space.n)), np.float32)

    def blank(self, actors: int) -> Memory:
        """The memory at the beginning of an episode: zeros."""
        lstm = self._lstm()
        shape = (lstm.num_layers, actors, lstm.hidden_size)
        return Memory(np.zeros(shape, np.float32), np.zeros(shape, np.float32))

    def step(
        self, observations: Any, memory: Memory, starts: Bool[np.ndarray, " actor"]
    ) -> tuple[Float[np.ndarray, "actor action"], Memory]:
        """One step of a recurrent agent in each of several episodes.

        Args:
            observations: Of each actor.
            memory: Of each actor.
            starts: Whether this is the first step of an episode: its memory is blank then, whatever `memory` holds.

        Returns:
            A row of logits for each actor, and its memory afterwards.

        Raises:
            SubjectError: It is not recurrent, or the observations are not those of its space.
        """
        policy = self.built.module
        with running(policy):
            after = self._remember(observations, memory, np.asarray(starts))
            return self._from_memory(after), after

    def remember(
        self, observations: Any, memory: Memory, starts: Bool[np.ndarray, " actor"], weights: Weights | None = None
    ) -> Memory:
        """The memory after one step: the first half of `step`, with these weights where they are not its own."""
        self._lstm()
        with running(self.built.module, weights):
            return self._remember(observations, memory, starts)

    def from_memory(self, memory: Memory, weights: Weights | None = None) -> Float[np.ndarray, "actor action"]:
        """The preferences that a memory leads to: the second half of `step`. Nothing else that was seen bears on them."""
        self._lstm()
        with running(self.built.module, weights):
            return self._from_memory(memory)

    def _remember(self, observations: Any, memory: Memory, starts: Bool[np.ndarray, " actor"]) -> Memory:
        torch, policy = import_torch(), self.built.module
        seen = policy.obs_to_tensor(as_batch(self.observation_space, observations, self.normalization))[0]
        # Where actor and critic share no extractor, `policy.extract_features` gives the features of both.
        base = import_library("stable_baselines3.common.policies").BaseModel
        features = base.extract_features(policy, seen, policy.pi_features_extractor)
        kept = torch.from_numpy(np.where(starts, 0.0, 1.0).astype(np.float32)).view(1, -1, 1)
        _, after = self._lstm()(features[None], tuple(kept * torch.from_numpy(np.array(m, np.float32)) for m in memory))
        return Memory(*(part.numpy().copy() for part in after))

    def _from_memory(self, memory: Memory) -> Float[np.ndarray, "actor action"]:
        policy = self.built.module
        latent = policy.mlp_extractor.forward_actor(import_torch().from_numpy(np.array(memory.hidden[-1], np.float32)))
        return self._of_distribution(policy._get_action_dist_from_latent(latent))

    def _answer(self, seen: Batch, shown: Any) -> Float[np.ndarray, "query action"]:
        policy = self.built.module
        with running(policy):
            tensor = policy.obs_to_tensor(seen)[0]
            if self.algorithm == "DQN":
                return greedy(policy.q_net(tensor).numpy())
            if self.algorithm != "MaskablePPO":
                return self._of_distribution(policy.get_distribution(tensor))
            allowed = self._allowed(shown, len(next(iter(seen.values())) if isinstance(seen, dict) else seen))
            logits = self._of_distribution(policy.get_distribution(tensor, action_masks=allowed))
            return logits if self.deterministic else np.where(allowed, logits, NEVER)

    def _of_distribution(self, distribution: Any) -> Float[np.ndarray, "query action"]:
        # One object is used again for every distribution of a policy: what is kept of it must be a copy.
        logits = distribution.distribution.logits.numpy().astype(np.float32)
        return greedy(logits) if self.deterministic else logits

    def _allowed(self, shown: Any, rows: int) -> Bool[np.ndarray, "query action"]:
        if self.masks is None:
            raise SubjectError(
                f"{self.archive.path} was trained with masks of its actions (MaskablePPO); expected a function that gives them: "
                "load_agent(..., masks=function of observations), from Python"
            )
        expected = (rows, int(self.action_space.n))
        allowed = np.asarray(self.masks(shown))
        if allowed.shape != expected or not np.isin(allowed, (0, 1)).all():
            raise SubjectError(f"masks have shape {allowed.shape}; expected {expected} of True and False")
        allowed = allowed.astype(bool)
        empty = np.flatnonzero(~allowed.any(1))
        if len(empty):
            raise SubjectError(
                f"the mask of observation {empty[0]} allows no action: what the agent then does is not defined "
                "(sb3-contrib gives all actions one probability and no entropy); allow at least one in every state"
            )
        return allowed

    def _lstm(self) -> Any:
        if not self.recurrent:
            raise SubjectError(f"{self.archive.path} is not recurrent ({self.algorithm}): use `logits`")
        return self.built.module.lstm_actor


def load_sb3(
    path: str | Path,
    *,
    actions: Sequence[str] | None = None,
    deterministic: bool = False,
    normalization: Normalization | Mapping[str, Normalization] | None = None,
    masks: Masks | None = None,
    view: str | None = None,
    observe: Callable[[np.ndarray], Any] | str | None = None,
    reported: ReportedReturn | None = None,
    observation_space: Space | None = None,
    action_space: Space | None = None,
    policy_kwargs: Mapping[str, Any] | None = None,
    unpickle: bool = False,
) -> SB3Agent:
    """Load the file of a Stable-Baselines3 agent; nothing in it is executed.

    Args:
        path: The zip file that `model.save` wrote.
        actions: Names of its actions, in the order in which its environment numbers them.
        deterministic: Whether it takes its most probable action.
        normalization: Statistics of `VecNormalize`, where it was trained with it: the file does not say.
        masks: Which actions are allowed, of MaskablePPO.
        view: Name of the world's view that it is shown; the only one that fits unless given.
        observe: Makes what it observes from a batch of the view, `(query, ...)`: a function, `MODULE:FUNCTION`, or a name
            (`mesascope.adapters.asking.options.READY`). The view is `full` then, unless another is named.
        reported: The return that its owner reports; it is replayed and compared.
        observation_space: In place of the space in the file.
        action_space: In place of the space in the file.
        policy_kwargs: Laid over the policy's options in the file.
        unpickle: Let Stable-Baselines3 unpickle the file, which runs whatever code it holds.

    Returns:
        The agent.

    Raises:
        AgentFileError: The file is damaged, or its policy is of a kind that is not read.
        UsageError: A library is missing, the actions are no single choice, or as many names were not given as it has actions.

    Example:
        >>> agent = load_sb3("agent.zip", actions=("left", "right", "forward"))  # doctest: +SKIP
    """
    archive = read_archive(path)
    built = build_policy(
        archive,
        observation_space=observation_space,
        action_space=action_space,
        policy_kwargs=policy_kwargs,
        unpickle=unpickle,
    )
    names = None if actions is None else tuple(actions)
    if names is not None and (len(names) != built.action_space.n or len(set(names)) < len(names)):
        raise UsageError(
            f"{archive.path}: actions {', '.join(names)}; expected {built.action_space.n} different names, one for each "
            "action of the agent, in the order of its environment"
        )
    code = None if observe is None else code_of("observe", observe)
    return SB3Agent(archive, built, names, deterministic, normalization, masks, view, code, reported)
