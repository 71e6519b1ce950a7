"""Any PyTorch module as a subject: a black box, from its answer alone, or with sites by module name."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, SupportsIndex

import numpy as np

from mesascope.adapters.checks import EXAMPLE, actions_of, checked_logits
from mesascope.adapters.hidden import hidden_bits as count_hidden
from mesascope.adapters.hooks import Hooked, HookedModule
from mesascope.adapters.steps import Answering, HostSteps, HostSubject, NumpyState, Steps, Weights, numpy_steps
from mesascope.adapters.torch_functions import (
    Module,
    Tensor,
    check_evaluating,
    digest_of,
    import_torch,
    precision_of,
    running,
    to_array,
    to_tensor,
    weights_of,
)
from mesascope.adapters.torch_kinds import without_compiler
from mesascope.core.actions import how_many
from mesascope.core.errors import SubjectError
from mesascope.core.subject import Site
from mesascope.worlds.world import AbstractWorld

_ROUNDING = 1e-4
"""Largest difference, relative to the largest value, between a pass in one go and the same pass tick by tick."""

_LEVELS = 3
"""Random levels on which a module is tried when it is adapted."""


def _same(x):
    return x


def torch_subject(
    module: Module,
    *,
    sites: Mapping[str, str | Sequence[str] | Hooked] | None = None,
    ticks: int | None = None,
    reads_until: int | None = None,
    observe: Callable[[Tensor], Any] = _same,
    answer: Callable[[Any], Tensor] = _same,
    actions: Sequence[str] | SupportsIndex | None = None,
    world: AbstractWorld | None = None,
    example: tuple[int, int, int] | None = None,
    hidden_bits: float | None = None,
) -> HostSubject | HostSteps:
    """A subject from a PyTorch module on CPU, in evaluation mode; without `sites` a black box.

    `observe` makes what the module is given from an observation (level, channel, height, width) of the module's own
    floating-point type, `answer` makes logits (level, action, height, width) from what it puts out, in every cell; they come
    back as float32. `actions` names what the logits stand for, in their order, or says how many there are: the world's unless
    given, and without a world up, down, left, right. An audit puts them in the order of its world. A module that
    `torch.compile` wrapped is asked without the compiler; a scripted or traced one has no sites.

    `sites` maps names of your choice to modules: `{"state": "cell"}` for a module that is called at every tick,
    `{"stream": ["block1", "block2"]}` for modules whose calls are the ticks in turn, `Hooked("cell", part=0)` for
    one part of a tuple. What they put out must be maps over the level's cells. The sites together must hold all that
    goes from tick to tick: the pass is then resumed from them alone, which is what makes an edit complete. That is
    checked here, on a few random levels of shape `example` (height, width, channels; that of the world's first view, or of the
    mazes of 9x9), and what fails is named.

    The number of ticks is counted, and `reads_until`, the first tick that does not use the observation, is found; where
    they are given they must agree. State 0 is all zeros and nothing reads it: there is nothing before the first call.
    `hidden_bits` is how much the module, `observe` and `answer` keep besides the module's weights. Unless given, it is counted
    from their code and plain attributes, and infinite where they read what cannot be counted (`mesascope.adapters.hidden`);
    what could be stored bears on the verdict on search.
    A tick costs one call of each module named, and everything outside of them anew. The module must not change afterwards,
    and is itself left as it is; its weights are arrays of the subject and may be replaced there. Raises `SubjectError`, and
    `UsageError` for a module that does not exist, naming the nearest.
    """
    import_torch()
    module = without_compiler(module)
    check_evaluating(module)
    answering = Answering(actions_of(actions, world))
    dtype = precision_of(module)

    def logits(weights: Weights | None, observation: np.ndarray) -> np.ndarray:
        with running(module, weights):
            return to_array(answer(module(observe(to_tensor(observation, dtype)))), "the answer")

    height, width, channels = example or (EXAMPLE if world is None else _shown(world))
    tried = np.random.default_rng(0).integers(0, 2, (_LEVELS, height, width, channels)).astype(np.float32)
    first = checked_logits(logits(None, tried), (_LEVELS, height, width), how_many(answering.actions))
    if not np.array_equal(first, logits(None, tried)):
        raise SubjectError(
            f"the {type(module).__name__} answers otherwise when it is asked again about the same levels: something in it is "
            "random (such as torch.nn.functional.dropout without training=self.training) or is kept from one pass to the next"
        )
    if sites is None:
        subject: HostSubject | HostSteps = HostSubject(partial(logits, None), digest_of(module), answering)
        return subject if world is None else subject.for_actions(world.actions)
    hooked = HookedModule(module, {name: _hooked(where) for name, where in sites.items()})
    found = _try(hooked, tried, observe, answer, reads_until)
    if ticks is not None and ticks != found.ticks:
        raise SubjectError(f"the sites' modules are called {found.ticks} times in a forward pass; `ticks` says {ticks}")
    steps = _steps(hooked, found.sites, found.ticks, found.reads_until, channels, observe, answer)
    subject = numpy_steps(
        steps._replace(logits=logits),
        sites=found.sites,
        ticks=found.ticks,
        reads_until=found.reads_until,
        weights=weights_of(module),
        hidden_bits=count_hidden(module, observe, answer) if hidden_bits is None else hidden_bits,
        actions=answering.actions,
    )
    return subject if world is None else subject.for_actions(world.actions)


def _shown(world: AbstractWorld) -> tuple[int, int, int]:
    """Height, width and channels of what is shown of a training level."""
    shape = world.observe(world.draw(0, 1)).shape
    if len(shape) != 4:
        raise SubjectError(
            f"the first view of {world.name} is no map, and has shape {shape}: expected (level, height, width, channel)"
        )
    return shape[1], shape[2], shape[3]


class _Found(NamedTuple):
    sites: tuple[Site, ...]
    ticks: int
    reads_until: int


def _hooked(where: str | Sequence[str] | Hooked) -> Hooked:
    if isinstance(where, Hooked):
        return where
    return Hooked((where,) if isinstance(where, str) else tuple(where))


def _steps(
    hooked: HookedModule,
    sites: tuple[Site, ...],
    ticks: int,
    reads_until: int,
    inputs: int,
    observe: Callable,
    answer: Callable,
) -> Steps:
    """Ticks by resuming the forward pass. A tick that does not read is shown zeros."""

    def start(_: Weights, levels: int, height: int, width: int) -> NumpyState:
        return {site.name: np.zeros((levels, height, width, site.channels), np.float32) for site in sites}

    dtype = precision_of(hooked.module)

    def tensors(state: NumpyState) -> dict[str, Tensor]:
        return {name: to_tensor(value) for name, value in state.items()}

    def think(weights: Weights, state: NumpyState, observation: np.ndarray, tick: int) -> NumpyState:
        if tick >= ticks:
            return state  # asked to think on: a forward pass has no more calls than it has
        seen = observe(to_tensor(observation if tick < reads_until else np.zeros_like(observation), dtype))
        with running(hooked.module, weights):
            after, _ = hooked.resume(seen, tensors(state), tick, ticks)
        return {name: to_array(value, f"site '{name}' after tick {tick}") for name, value in after.items()}

    def act(weights: Weights, state: NumpyState) -> np.ndarray:
        levels, height, width, _ = next(iter(state.values())).shape
        blank = np.zeros((levels, height, width, inputs), np.float32)
        with running(hooked.module, weights):
            _, output = hooked.resume(observe(to_tensor(blank, dtype)), tensors(state), ticks, ticks)
            return to_array(answer(output), "the answer of `act`")

    return Steps(start, think, act)


def _try(hooked: HookedModule, tried: np.ndarray, observe, answer, reads_until: int | None) -> _Found:
    """Run on random levels: what the sites are, how many ticks there are, which of them read; and is anything missing?"""
    with running(hooked.module):
        output, recorded = hooked.record(observe(to_tensor(tried, precision_of(hooked.module))))
    counts = {name: len(calls) for name, calls in recorded.items()}
    idle = [name for name, count in counts.items() if count == 0]
    if idle:
        raise SubjectError(
            f"site '{idle[0]}': {', '.join(hooked.sites[idle[0]].names)} is not called in a forward pass; a part whose method "
            "`forward` is called by name is not seen: call the part itself, as in self.part(x)"
        )
    if len(set(counts.values())) > 1:
        raise SubjectError(f"sites with unequal numbers of calls: {counts}; each needs one for every tick")
    ticks = next(iter(counts.values()))
    states = [
        {name: to_array(calls[t], f"site '{name}' at call {t}") for name, calls in recorded.items()}
        for t in range(ticks)
    ]
    for name, value in states[0].items():
        if value.shape[:3] != tried.shape[:3]:
            raise SubjectError(
                f"site '{name}' has maps of {value.shape[1:3]} cells; the level has {tried.shape[1:3]}, and a site needs "
                "one value for each of its cells"
            )
    sites = tuple(
        Site(name, value.shape[-1], f"output of {', '.join(hooked.sites[name].names)}")
        for name, value in states[0].items()
    )
    own = weights_of(hooked.module)
    steps = _steps(hooked, sites, ticks, ticks, tried.shape[-1], observe, answer)
    states.insert(0, dict(steps.start(own, *tried.shape[:3])))
    other = 1.0 - tried
    reading = [t for t in range(ticks) if not _agree(steps.think(own, states[t], other, t), states[t + 1])]
    for t in range(ticks):
        if not _agree(steps.think(own, states[t], tried, t), states[t + 1]):
            raise SubjectError(
                f"the sites {sorted(hooked.sites)} do not hold everything: resumed from them at tick {t}, the forward pass "
                "comes to other values than in one go. Name as sites all modules whose output is used in a later tick, or "
                "write the agent as steps (`torch_steps`)"
            )
    if not _agree({"": steps.act(own, states[ticks])}, {"": to_array(answer(output), "the answer")}):
        raise SubjectError(
            f"the answer depends on more than the sites {sorted(hooked.sites)} at their last tick: name as sites the "
            "modules that it comes from, or write the agent as steps (`torch_steps`)"
        )
    found = max(reading, default=-1) + 1
    if reads_until is not None and reads_until != found:
        raise SubjectError(
            f"the observation is used in ticks up to {found - 1}; reads_until {reads_until} says otherwise"
        )
    return _Found(sites, ticks, found)


def _agree(found: NumpyState, expected: NumpyState) -> bool:
    return all(
        found[name].shape == value.shape
        and float(np.abs(found[name] - value).max()) <= _ROUNDING * max(1.0, float(np.abs(value).max()))
        for name, value in expected.items()
    )
