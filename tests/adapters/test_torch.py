"""PyTorch modules as subjects. Left out without PyTorch: see tests/QUARANTINES.md."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")

from examples.torch_twin import torch_twin
from mesascope.adapters.hooks import Hooked, HookedModule
from mesascope.adapters.torch_functions import to_tensor, torch_steps
from mesascope.adapters.torch_modules import torch_subject
from mesascope.conformance.check_subject import check_subject
from mesascope.core.editing import Edit, run
from mesascope.core.errors import EditError, SubjectError, UsageError
from mesascope.core.subject import Site

TOLERANCE = 1e-5
torch.set_num_threads(1)  # many small convolutions: threads wait for each other


class Layers(torch.nn.Module):
    """A stem and residual blocks: each block is called once, and all that goes on is what the last one put out."""

    def __init__(self, blocks=3, width=6):
        super().__init__()
        self.stem = torch.nn.Conv2d(7, width, 3, padding=1)
        self.blocks = torch.nn.ModuleList(Block(width) for _ in range(blocks))
        self.head = torch.nn.Conv2d(width, 4, 1)

    def forward(self, level):
        h = self.stem(level)
        for block in self.blocks:
            h = block(h)
        return self.head(h)


class Block(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = torch.nn.Conv2d(width, width, 3, padding=1)

    def forward(self, h):
        return h + torch.relu(self.inner(h))


class Memory(torch.nn.Module):
    """A convolutional LSTM: its cell puts out two maps."""

    def __init__(self, width=4, ticks=4):
        super().__init__()
        self.cell = MemoryCell(width)
        self.head = torch.nn.Conv2d(width, 4, 1)
        self.width, self.ticks = width, ticks

    def forward(self, level):
        h = c = torch.zeros(level.shape[0], self.width, *level.shape[2:])
        for tick in range(self.ticks):
            h, c = self.cell(level if tick < 1 else torch.zeros_like(level), h, c)
        return {"logits": self.head(h)}


class MemoryCell(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gates = torch.nn.Conv2d(7 + width, 4 * width, 3, padding=1)

    def forward(self, level, h, c):
        i, f, o, g = self.gates(torch.cat([level, h], 1)).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


def fixed(module, seed=0):
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.3)
    return module.eval()


AGENTS = {
    "glance": lambda net: (torch_twin(net), {"sites": {"state": "cell"}}, (5, 2)),
    "layers": lambda net: (fixed(Layers()), {"sites": {"stream": [f"blocks.{i}" for i in range(3)]}}, (3, 1)),
    "memory": lambda net: (
        fixed(Memory()),
        {"sites": {"h": Hooked("cell", 0), "c": Hooked(("cell",), part=1)}, "answer": lambda out: out["logits"]},
        (4, 1),
    ),
}  # fmt: skip


@pytest.fixture(params=AGENTS)
def agent(request, net):
    module, how, (ticks, reads) = AGENTS[request.param](net)
    subject = torch_subject(module, **how)
    assert (subject.ticks, subject.reads_until) == (ticks, reads)
    return module, how, subject


def test_it_keeps_the_promises_of_a_subject(agent, observation):
    check_subject(agent[2], observation)


def edit_of(subject, observation, site, first, last, seed=0):
    width = next(s.channels for s in subject.sites if s.name == site)
    where = jax.random.bernoulli(jax.random.key(seed), 0.4, observation.shape[:3])
    return Edit(site, where, jax.random.normal(jax.random.key(seed + 1), (*observation.shape[:3], width)), first, last)


def test_edits_tick_by_tick_are_those_of_forward_hooks_in_one_pass(agent, observation):
    """The other way to the same thing: a whole forward pass in which PyTorch's own hooks write."""
    module, how, subject = agent
    answer = how.get("answer", lambda out: out)
    for site in (s.name for s in subject.sites):
        edit = edit_of(subject, observation, site, 2, 3)
        ours = run(subject, observation, (edit,), tuple(s.name for s in subject.sites))
        where, value = to_tensor(np.asarray(edit.where[..., None])) > 0, to_tensor(np.asarray(edit.value))
        # State t is the output of call t - 1.
        write = {(site, call): lambda old, where=where, value=value: torch.where(where, value, old) for call in (1, 2)}
        hooked = HookedModule(module, {n: w if isinstance(w, Hooked) else Hooked(w if isinstance(w, str) else tuple(w))
                                       for n, w in how["sites"].items()})  # fmt: skip
        output, recorded = hooked.record(to_tensor(np.asarray(observation)), write)
        np.testing.assert_allclose(ours.logits, answer(output).permute(0, 2, 3, 1).numpy(), atol=TOLERANCE)
        for name, calls in recorded.items():
            theirs = torch.stack(calls).permute(0, 1, 3, 4, 2).numpy()
            np.testing.assert_allclose(ours.recording[name][1:], theirs, atol=TOLERANCE)
        assert np.abs(ours.logits - subject.logits(observation)).max() > 1e-3


def test_the_module_is_left_as_it_was(agent, observation):
    module, _, subject = agent
    before = [(part.__dict__.get("forward"), len(part._forward_hooks)) for part in module.modules()]
    run(subject, observation, (), ())
    assert [(part.__dict__.get("forward"), len(part._forward_hooks)) for part in module.modules()] == before
    assert all(own is None and hooks == 0 for own, hooks in before)


@pytest.mark.parametrize("add", [False, True])
def test_a_glance_net_and_its_twin_are_one(net, observation, add):
    twin = torch_subject(torch_twin(net), sites={"state": "cell"})
    np.testing.assert_allclose(twin.logits(observation), net.logits(observation), atol=TOLERANCE)
    for first, last in ((1, 1), (2, 2), (3, 5)):
        edit = edit_of(net, observation, "state", first, last, seed=first)
        edit = Edit("state", edit.where, edit.value, first, last, add)
        ours, theirs = (run(subject, observation, (edit,), ("state",)) for subject in (net, twin))
        np.testing.assert_allclose(ours.logits, theirs.logits, atol=TOLERANCE)
        np.testing.assert_allclose(ours.recording["state"], theirs.recording["state"], atol=TOLERANCE)
        np.testing.assert_allclose(ours.change, theirs.change, atol=TOLERANCE)


def test_other_sizes_and_numbers_of_levels_than_it_was_tried_on(net):
    seen = jax.random.normal(jax.random.key(3), (7, 5, 11, 7))
    twin = torch_subject(torch_twin(net), sites={"state": "cell"})
    np.testing.assert_allclose(run(twin, seen).logits, net.logits(seen), atol=TOLERANCE)


def test_thinking_on_after_the_last_call_changes_nothing(net, observation):
    twin = torch_subject(torch_twin(net), sites={"state": "cell"})
    state = run(twin, observation, (), ("state",)).recording["state"][-1]
    assert np.array_equal(twin.think({"state": state}, observation, jnp.array(5))["state"], state)


def test_steps_in_torch_are_the_same_subject(net, observation):
    module = torch_twin(net)

    def step(state, level, tick):
        seen = module.read(level) if tick < 2 else torch.zeros(level.shape[0], 15, *level.shape[2:])
        return {"state": module.cell(state["state"], seen + module.read_bias)}

    subject = torch_steps(
        start=lambda levels, height, width: {"state": torch.zeros(levels, 5, height, width)},
        think=step,
        act=lambda state: module.out(state["state"]),
        sites=(Site("state", 5, "the state"),),
        ticks=5,
        reads_until=2,
        module=module,
    )
    check_subject(subject, observation)
    np.testing.assert_allclose(subject.logits(observation), net.logits(observation), atol=TOLERANCE)


def test_a_closed_module_gives_its_answer(net, observation):
    subject = torch_subject(torch_twin(net))
    check_subject(subject, observation)
    np.testing.assert_allclose(subject.logits(observation), net.logits(observation), atol=TOLERANCE)


def test_weights_can_be_replaced_like_those_of_any_subject(net, observation):
    module = torch_twin(net)
    twin = torch_subject(module, sites={"state": "cell"})
    before = {name: value.clone() for name, value in module.state_dict().items()}

    def halved(subject):
        return jax.tree.map(lambda leaf: leaf / 2 if eqx.is_inexact_array(leaf) else leaf, subject)

    for answer in (lambda s: s.logits(observation), lambda s: run(s, observation).logits):
        np.testing.assert_allclose(answer(halved(net)), answer(halved(twin)), atol=TOLERANCE)
        np.testing.assert_allclose(answer(net), answer(twin), atol=TOLERANCE)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    # The other weights are 5-point stencils here and 3x3 kernels with empty corners there.
    assert 0 < twin.hidden_bits < 50_000


class Skipping(Layers):
    """The answer comes from the last block and from the first."""

    def forward(self, level):
        h = self.blocks[0](self.stem(level))
        return self.head(self.blocks[2](self.blocks[1](h)) + h)


class Coarse(Layers):
    """Its block sees every other row."""

    def forward(self, level):
        h = self.stem(level)
        return self.head(h + self.blocks[0](h[:, :, ::2]).mean((2, 3), keepdim=True))


class Flat(Layers):
    """Its block puts out one row of numbers for each level."""

    def forward(self, level):
        h = self.stem(level)
        return self.head(h + self.blocks[0](h.mean((2, 3), keepdim=True)))


BLOCKS = ["blocks.0", "blocks.1", "blocks.2"]
WRONG = [
    (Layers, {"s": "block.1"}, {}, UsageError, "module of the Layers 'block.1': did you mean 'blocks.1'"),
    (Layers, None, {"answer": lambda out: out[:, :3]}, SubjectError, "they differ in channel"),
    (Layers, None, {"answer": lambda out: out.flatten(1)}, SubjectError, "expected a map over cells"),
    (Layers, None, {"answer": lambda out: out / 0}, SubjectError, "no policy in level 0.*plus infinity"),
    (Layers, {"s": ["blocks.0", "blocks.0.inner"]}, {}, SubjectError, "'blocks.0.inner' lies within 'blocks.0'"),
    (Layers, {"a": BLOCKS[:1], "b": BLOCKS[1:]}, {}, SubjectError, "unequal numbers of calls"),
    (Layers, {"s": "blocks.0.inner"}, {}, SubjectError, "the answer depends on more than the sites"),
    (Skipping, {"s": BLOCKS}, {}, SubjectError, "the answer depends on more"),
    (Layers, {"s": BLOCKS}, {"ticks": 4}, SubjectError, "called 3 times.*says 4"),
    (Layers, {"s": BLOCKS}, {"reads_until": 2}, SubjectError, "up to 0; reads_until 2"),
    (Coarse, {"s": "blocks.0"}, {}, SubjectError, r"maps of \(4, 7\) cells; the level has \(7, 7\)"),
    (Flat, {"s": "blocks.0"}, {}, SubjectError, r"maps of \(1, 1\) cells"),
    (Memory, None, {"answer": lambda out: out}, SubjectError, "the answer is a dict; expected a tensor"),
    (Memory, {"h": "cell"}, {}, SubjectError, "puts out a tuple of 2; name the part"),
    (Memory, {"h": Hooked("cell", 2)}, {}, SubjectError, "has no part 2"),
    (Memory, {"h": Hooked("cell", 0)}, {}, SubjectError, "do not hold everything: resumed from them at tick 1"),
]


@pytest.mark.parametrize(("module", "sites", "more", "kind", "words"), WRONG)
def test_what_does_not_fit_is_named(module, sites, more, kind, words):
    how = {"answer": lambda out: out["logits"], **more} if module is Memory else more
    with pytest.raises(kind, match=words):
        torch_subject(fixed(module()), sites=sites, **how)


def test_a_module_in_training_mode_is_refused():
    with pytest.raises(SubjectError, match=r"training mode \(Layers\).*module.eval"):
        torch_subject(Layers())


def test_a_module_that_is_never_called_is_named():
    module = fixed(Layers())
    module.unused = torch.nn.Conv2d(1, 1, 1).eval()
    with pytest.raises(SubjectError, match="site 's': unused is not called"):
        torch_subject(module, sites={"s": "unused"})


def test_an_edit_of_no_site_names_the_nearest(net, observation):
    twin = torch_subject(torch_twin(net), sites={"state": "cell"})
    with pytest.raises(EditError, match="did you mean 'state'"):
        run(twin, observation, (Edit("states", jnp.ones((4, 7, 7), bool), jnp.zeros((4, 7, 7, 5)), 1, 1),))


def test_an_edit_that_changes_nothing_is_an_error(net, observation):
    twin = torch_subject(torch_twin(net), sites={"state": "cell"})
    recorded = run(twin, observation, (), ("state",)).recording["state"]
    with pytest.raises(EditError, match="changed nothing"):
        run(twin, observation, (Edit("state", jnp.ones((4, 7, 7), bool), recorded, 2, 2),))
