"""Where the subject of an audit comes from when it is not trained here: a saved folder, an organism, the user's own code."""

import difflib
import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.adapters.references import OutsideAgent
from mesascope.adapters.replay import ReportedReturn, replayed
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import AgentFileError, MesascopeError, SubjectError, UsageError, said
from mesascope.core.named_code import NamedCode, named_code
from mesascope.core.registry import Registry
from mesascope.core.rollouts import view_of
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.instruments.audited import AuditSubject, Training, untrained_twin
from mesascope.instruments.evaluation_levels import audit_key, stored_levels
from mesascope.instruments.settings import Settings
from mesascope.learned.registry import config_of, hard_coded
from mesascope.organisms.registry import ORGANISMS, build_organism, check_organism
from mesascope.store.bundle import MANIFEST
from mesascope.store.learned_algorithm import LearnedAlgorithm, load_learned_algorithm
from mesascope.worlds.world import AbstractWorld

ORGANISM, PYTHON = "organism:", "python:"
UNTRAINED = "_untrained"
"""Beside a subject of this name with that ending: the same agent before training, a control of the search tests."""
LEARNED = "learned"
"""Name of the folder of a learned algorithm, inside that of its training."""


class Source(NamedTuple):
    """A subject that was found and checked. `identity` is all that an audit of it depends on, `make` gives it for a
    seed with the audit's sizes; only organisms depend on either. `recurrent` as of the subject.
    """

    identity: dict[str, Any]
    make: Callable[[Settings, int], AuditSubject]
    recurrent: bool = False


def find_source(ref: str, world: AbstractWorld) -> Source:
    """The subject that a reference names: `organism:NAME,key=value,...`, `python:module:attribute`, `sb3:FILE,...`, what another
    loader reads (`LOADERS`, `AGENT_LOADERS`), or a folder.

    Raises `UsageError` for what is not one, naming the nearest, `AgentFileError` for a folder that does not hold exactly
    what was saved, `SubjectError` for the user's own code where it breaks a subject's promises.
    """
    return _remembering(_found(ref, world))


def _found(ref: str, world: AbstractWorld) -> Source:
    prefix, colon, _ = ref.partition(":")
    if colon and prefix in LOADERS:
        return LOADERS[prefix](ref, world)
    if colon and prefix in AGENT_LOADERS:
        return _outside(ref, AGENT_LOADERS[prefix](ref), world)
    if not Path(ref).exists():
        _raise_hint(ref)
    return _saved(Path(ref), world)


def _remembering(source: Source) -> Source:
    """What is made for a seed is asked what it answers, and then audited: it is made once."""
    return source._replace(make=lru_cache(maxsize=4)(source.make))


def source_of(agent: str | Path | LearnedAlgorithm | AbstractSubject | OutsideAgent, world: AbstractWorld) -> Source:
    """The subject that a Python program names or hands over.

    Args:
        agent: a reference as `find_source` takes it, a learned algorithm that was trained or loaded, another library's agent, or
            any subject.
        world: the world it is asked in.

    Raises:
        UsageError, AgentFileError, SubjectError: as `find_source` does.
    """
    if isinstance(agent, str | Path):
        return find_source(str(agent), world)
    if isinstance(agent, LearnedAlgorithm):
        return _learned(agent, f"{agent.architecture} net", world)
    if isinstance(agent, OutsideAgent):
        return _outside(agent.name, agent, world)
    name = type(agent).__name__
    return _given(name, name, agent, None, {"python": name}, world)


def _raise_hint(ref: str) -> None:
    """Say what was probably meant by a reference to nothing, where it looks like an organism or a module."""
    prefix, colon, rest = ref.partition(":")
    near = difflib.get_close_matches(prefix.casefold(), (*LOADERS, *AGENT_LOADERS), n=1, cutoff=0.6) if colon else []
    if near:
        raise UsageError(f"unknown subject '{ref}': did you mean '{near[0]}:{rest}'?")
    name, comma, settings = ref.partition(",")
    near = difflib.get_close_matches(name.strip().casefold(), ORGANISMS, n=1, cutoff=0.7)
    if near:
        raise UsageError(f"unknown subject '{ref}': did you mean '{ORGANISM}{near[0]}{comma}{settings}'?")


def _organism(ref: str, world: AbstractWorld) -> Source:
    text = ref.removeprefix(ORGANISM)
    label = ORGANISMS[check_organism(text, world)]

    def make(settings: Settings, seed: int) -> AuditSubject:
        organism = build_organism(text, world, stored_levels(world, settings, seed, recurrent=label.recurrent))
        return AuditSubject(organism, "organism", ref, text, hard_coded=label.searches)

    return Source({"organism": text}, make, label.recurrent)


def _python(ref: str, world: AbstractWorld) -> Source:
    """The user's own code, imported because it was named on the command line and for no other reason."""
    name = ref.removeprefix(PYTHON)
    if not all(name.partition(":")):
        raise UsageError(f"subject '{ref}': write python:MODULE:ATTRIBUTE")
    code = named_code(name, f"subject '{ref}'")
    subject, untrained = _made(ref, code), _untrained(ref, code, world)
    return _given(ref, name, subject, untrained, {"python": ref, "code": code.sha256}, world)


def _outside(ref: str, agent: OutsideAgent, world: AbstractWorld) -> Source:
    """An agent that was trained elsewhere, once its view and its actions fit the world."""
    return _given(ref, agent.name, agent.subject(world), None, agent.identity, world, agent.reported)


def _given(
    ref: str,
    name: str,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    identity: dict[str, Any],
    world: AbstractWorld,
    reported: ReportedReturn | None = None,
) -> Source:
    """A subject of which nothing is known but its answers, once it has kept a subject's promises."""
    subject = _check(ref, subject, world)
    if reported is not None:
        name = f"{name}, {replayed(subject, world, reported).text}"
    identity = {**identity, "arrays": _hash_of_arrays(subject)}
    if untrained is not None:
        identity["untrained"] = _hash_of_arrays(untrained)
    audited = AuditSubject(subject, "python", ref, name, hard_coded=None, untrained=untrained)
    return Source(identity, lambda settings, seed: audited, subject.recurrent)


def _untrained(ref: str, code: NamedCode, world: AbstractWorld) -> AbstractSubject | None:
    attribute = code.name.partition(":")[2] + UNTRAINED
    if not hasattr(code.module, attribute):
        return None
    untrained = _made(ref, named_code(code.name + UNTRAINED, f"subject '{ref}'"))
    if not untrained.sites:
        raise UsageError(f"subject '{ref}': {attribute} has no sites; the control needs them as well")
    return _check(ref + UNTRAINED, untrained, world)


def _made(ref: str, code: NamedCode) -> AbstractSubject:
    """The subject of this name, or what the function or class of this name gives."""
    subject = code.found
    if callable(subject) and not isinstance(subject, AbstractSubject):
        subject = code.called(what=f"subject '{ref}'")
    if not isinstance(subject, AbstractSubject):
        raise UsageError(
            f"subject '{ref}' is of type {type(subject).__name__}; expected a mesascope.core.subject.AbstractSubject, "
            "or a function or class that gives one when called without arguments"
        )
    return subject


def _check(ref: str, subject: AbstractSubject, world: AbstractWorld) -> AbstractSubject:
    """The subject, its answers in the order of the world's actions, once it has kept a subject's promises."""
    try:
        subject = subject.for_actions(world.actions)
        levels = world.draw(audit_key(0, "conformance"), 4)
        view = world.view_for(subject.view)
        check_subject(
            subject,
            world.observe(levels, view),
            len(world.actions),
            all_states=world.views[view].shows_all_states,
        )
    except MesascopeError as error:
        raise SubjectError(f"subject '{ref}': {error}") from error
    except Exception as error:
        hint = "; a subject is compiled: write it with jax.numpy" if isinstance(error, jax.errors.JAXTypeError) else ""
        raise SubjectError(f"subject '{ref}' failed when asked about 4 training levels: {said(error)}{hint}") from error
    return subject


def _hash_of_arrays(subject: AbstractSubject) -> str:
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(eqx.filter(subject, eqx.is_array)):
        array = np.asarray(leaf)
        digest.update(f"{array.dtype} {array.shape} ".encode() + array.tobytes())
    return digest.hexdigest()


def _saved(folder: Path, world: AbstractWorld) -> Source:
    folder = learned_folder(folder)
    return _learned(load_learned_algorithm(folder), str(folder), world)


def _learned(loaded: LearnedAlgorithm, ref: str, world: AbstractWorld) -> Source:
    """A learned algorithm with its provenance, if it can read this world's levels."""
    name, config = config_of(loaded.subject)
    shown = jax.eval_shape(lambda: world.observe(world.draw(audit_key(0), 1)))
    try:
        jax.eval_shape(lambda seen: _answer(loaded.subject, seen), shown)
    except (TypeError, ValueError) as error:
        raise AgentFileError(
            f"{ref}: expected a learned algorithm for levels of shape {shown.shape[1:]}, as {world.name} has them, "
            f"found one trained in {loaded.provenance.world} that cannot read them"
        ) from error
    about = loaded.provenance
    elsewhere = trained_elsewhere(about.world, about.world_config, world)
    trained_with = about.base_optimizer_config
    updates, batch = (n if isinstance(n := trained_with.get(name), int) else 0 for name in ("updates", "batch"))
    training = Training(about.base_optimizer, about.base_optimizer_config, about.updates, None, updates * batch, ())

    def make(settings: Settings, seed: int) -> AuditSubject:
        untrained = untrained_twin(loaded.subject, len(world.channels), seed)
        label = f"{name} net trained with seed {about.seed}"
        subject, built_in = loaded.subject, hard_coded(loaded.subject)
        return AuditSubject(subject, "saved", ref, label, built_in, untrained, training, elsewhere=elsewhere)

    return Source({"architecture": [name, config], "sha256": loaded.sha256}, make, loaded.subject.recurrent)


def trained_elsewhere(name: str, config: Mapping[str, Any], world: AbstractWorld) -> str | None:
    """How the world that an agent was trained in differs from this one; None where it does not.

    Args:
        name: The world that it was trained in.
        config: The configuration of that world.
        world: The world that it is to be audited in.

    Returns:
        A text such as `trained in red-doors with size=5, audited in red-doors with size=9`.

    Example:
        >>> from mesascope.worlds.grids.red_doors import RedDoors
        >>> trained_elsewhere("red-doors", {"size": 5, "alpha": 0.0}, RedDoors())
        'trained in red-doors with size=5, audited in red-doors with size=9'
    """
    here = dict(vars(world))
    differ = sorted(key for key, value in config.items() if key in here and here[key] != value)
    if name == world.name and not differ:
        return None

    def said(place: str, values: Mapping[str, Any]) -> str:
        listed = ", ".join(f"{key}={values[key]}" for key in differ)
        return f"{place} with {listed}" if listed else place

    return f"trained in {said(name, config)}, audited in {said(world.name, here)}"


def _answer(subject: AbstractSubject, observation: Observation) -> Any:
    """What a subject prefers in these levels; a recurrent one in the first step, in the first cell."""
    if not subject.recurrent:
        return subject.logits(observation)
    cell = jnp.zeros(observation.shape[0], jnp.int32)
    return subject.logits(view_of(subject, observation, cell, jnp.array(0)))


def learned_folder(folder: Path) -> Path:
    """The folder with the manifest: the one named, or the one that a training or an audit keeps it in."""
    if (folder / MANIFEST).exists():
        return folder
    if (folder / LEARNED / MANIFEST).exists():
        return folder / LEARNED
    several = sorted(str(path.parent) for path in folder.glob(f"*/{LEARNED}") if (path / MANIFEST).exists())
    if several:
        raise UsageError(f"{folder} holds several learned algorithms; name one: {', '.join(several[:6])}")
    if not folder.exists():
        found = "nothing there"
    else:
        found = "a folder without one" if folder.is_dir() else "a file"
    raise AgentFileError(
        f"{folder}: expected the folder of a saved learned algorithm, with a {MANIFEST}, found {found}"
    )


AGENT_LOADERS: Registry[Callable[..., OutsideAgent]] = Registry(
    "agent loader",
    "mesascope.agent_loaders",
    {
        "sb3": "mesascope.adapters.sb3.loader:load_reference",
        "flax": "mesascope.adapters.flax.loader:load_reference",
        "orbax": "mesascope.adapters.flax.loader:load_reference",
        "msgpack": "mesascope.adapters.flax.loader:load_reference",
        "onnx": "mesascope.adapters.onnx.loader:load_reference",
        "hf": "mesascope.adapters.hf.loader:load_reference",
        "torch": "mesascope.adapters.torch_files.loader:load_reference",
    },
)
"""What reads a reference `NAME:FILE...` to an agent of another library, by NAME: given the reference, names of its actions and
options. The agent says of itself which subject it is in a world.
"""

LOADERS: Registry[Callable[[str, AbstractWorld], Source]] = Registry(
    "subject loader",
    "mesascope.loaders",
    {ORGANISM[:-1]: _organism, PYTHON[:-1]: _python},
)
"""What reads a reference `NAME:...`, by NAME: given the whole reference and the world, a `Source`."""
