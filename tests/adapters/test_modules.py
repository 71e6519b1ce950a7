"""Sites by module name, without PyTorch: its interface is played by `fake_torch`. The same with PyTorch is in test_torch.py."""

import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.hidden import hidden_bits
from mesascope.adapters.torch_functions import torch_steps
from mesascope.adapters.torch_modules import torch_subject
from mesascope.conformance.check_subject import check_subject
from mesascope.core.editing import Edit, run
from mesascope.core.errors import SubjectError, UsageError
from tests.adapters.fake_torch import Glance, Module, fake_torch, first, last
from tests.adapters.numpy_net import numpy_twin


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", fake_torch)


@pytest.fixture
def module(net):
    return Glance({n: w.copy() for n, w in numpy_twin(net)[1].items()}, net.ticks, net.reads_until)


def test_a_module_is_read_and_written_tick_by_tick(module, net, observation):
    subject = torch_subject(module, sites={"state": "cell"})
    assert (subject.ticks, subject.reads_until) == (net.ticks, net.reads_until)
    check_subject(subject, observation)
    where = jax.random.bernoulli(jax.random.key(0), 0.3, observation.shape[:3])
    edit = Edit("state", where, jax.random.normal(jax.random.key(1), (*observation.shape[:3], net.channels)), 2, 3)
    ours, theirs = (run(s, observation, (edit,), ("state",)) for s in (net, subject))
    np.testing.assert_allclose(ours.logits, theirs.logits, atol=1e-5)
    np.testing.assert_allclose(ours.recording["state"], theirs.recording["state"], atol=1e-5)
    assert "forward" not in module.cell.__dict__
    assert module.cell.hooks == []


def test_weights_can_be_replaced_like_those_of_any_subject(module, net, observation):
    before = {name: value.copy() for name, value in module.weights.items()}
    twin = torch_subject(module, sites={"state": "cell"})

    def halved(subject):
        return jax.tree.map(lambda leaf: leaf / 2 if eqx.is_inexact_array(leaf) else leaf, subject)

    for answer in (lambda s: s.logits(observation), lambda s: run(s, observation).logits):
        np.testing.assert_allclose(answer(halved(net)), answer(halved(twin)), atol=1e-5)
        np.testing.assert_allclose(answer(net), answer(twin), atol=1e-5)
    assert all(np.array_equal(before[name], value) for name, value in module.weights.items())


def test_what_lies_in_code_and_attributes_is_counted(module):
    few = hidden_bits(module)
    module.table = np.zeros(1000, np.float32)
    assert few + 32_000 <= hidden_bits(module) < few + 33_000
    module.named = {"a": [1.0, "b"]}
    assert hidden_bits(module) > few + 32_000 + 64
    module.activation = max
    assert hidden_bits(module) < few + 33_000
    module.thing = lambda x, table=module: table
    assert few + 32_000 < hidden_bits(module) < float("inf")
    table = [1, 2]
    module.thing = lambda x: table[x]
    assert hidden_bits(module) == float("inf")


ANSWERS = np.zeros(1000, np.float32)


class Keeps(Glance):
    """Keeps a table in its class."""

    answers = ANSWERS


class ReadsGlobal(Glance):
    """Keeps a table beside its class."""

    def forward(self, level):
        return super().forward(level) + ANSWERS[0]


class ReadsFile(Glance):
    """Keeps a table on the disk."""

    def forward(self, level):
        return super().forward(level) + np.load("answers.npy")[0]


class Imports(Glance):
    """Keeps a table in a library of its own."""

    def forward(self, level):
        import answers

        return super().forward(level) + answers.table[0]


class Derived(Keeps):
    """Keeps a table in what it derives from."""


@pytest.mark.parametrize(
    ("kind", "least"),
    [(Keeps, 32_000), (Derived, 32_000), (ReadsGlobal, 32_000), (ReadsFile, np.inf), (Imports, np.inf)],
)
def test_what_code_reads_by_name_is_counted(module, kind, least):
    few = hidden_bits(module)
    found = hidden_bits(kind(module.weights, module.ticks, module.reads_until))
    assert found >= few + least
    assert np.isinf(found) == np.isinf(least)


def test_code_that_answers_pass_through_is_counted_and_the_owner_may_vouch(module):
    def looked_up(answer):
        return answer + ANSWERS[0]

    given = {"sites": {"state": "cell"}}
    few = torch_subject(module, **given).hidden_bits
    assert few < 200_000
    assert torch_subject(module, answer=looked_up, **given).hidden_bits > few + 32_000
    assert torch_subject(module, answer=looked_up, hidden_bits=7.0, **given).hidden_bits == 7.0


def test_calls_before_the_one_resumed_are_left_out(module, net):
    subject = torch_subject(module, sites={"state": "cell"})
    made = []
    plain = module.cell.forward
    module.cell.forward = lambda *given: made.append(1) or plain(*given)
    subject.think({"state": jnp.ones((2, 7, 7, net.channels))}, jnp.zeros((2, 7, 7, 7)), jnp.array(3))
    assert len(made) == 1


def test_a_closed_module_and_one_in_steps(module, net, observation):
    np.testing.assert_allclose(torch_subject(module).logits(observation), net.logits(observation), atol=1e-5)
    steps, weights = numpy_twin(net)
    own = Module({n: w.copy() for n, w in weights.items()})

    def step(state, seen, tick):
        return {"state": first(steps.think(own.weights, {"state": last(state["state"])}, last(seen), tick)["state"])}

    subject = torch_steps(
        start=lambda *shape: {"state": first(steps.start(own.weights, *shape)["state"])},
        think=lambda s, seen, tick: {
            "state": first(steps.think(own.weights, {"state": last(s["state"])}, last(seen), tick)["state"])
        },
        act=lambda s: first(steps.act(own.weights, {"state": last(s["state"])})),
        sites=net.sites,
        ticks=net.ticks,
        reads_until=net.reads_until,
        module=own,
    )
    check_subject(subject, observation)
    np.testing.assert_allclose(subject.logits(observation), net.logits(observation), atol=1e-5)


def test_what_does_not_fit_is_named(module, net):
    with pytest.raises(UsageError, match="unknown module of the Glance 'cel': did you mean 'cell'"):
        torch_subject(module, sites={"state": "cel"})
    with pytest.raises(SubjectError, match="called 5 times in a forward pass; `ticks` says 6"):
        torch_subject(module, sites={"state": "cell"}, ticks=6)
    module.leak = 0.5
    with pytest.raises(SubjectError, match="do not hold everything: resumed from them at tick 2"):
        torch_subject(module, sites={"state": "cell"})
    module.cell.training = True
    with pytest.raises(SubjectError, match=r"training mode \(cell\)"):
        torch_subject(module)
