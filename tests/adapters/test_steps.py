"""Plain Python in compiled programs: the same values, recordings and edits as JAX, and errors that name what is wrong."""

import os
import re
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.host import host_call
from mesascope.adapters.steps import numpy_steps
from mesascope.conformance.check_subject import check_subject
from mesascope.core.editing import Edit, run
from mesascope.core.errors import EditError, SubjectError, UsageError, as_subject_error, said
from mesascope.core.subject import Site
from mesascope.core.unrolled_loops import open_loop
from tests.adapters.numpy_net import numpy_twin
from tests.house.tree import ROOT


@pytest.fixture(scope="module")
def twin(net):
    steps, weights = numpy_twin(net)
    return numpy_steps(steps, sites=net.sites, ticks=net.ticks, reads_until=net.reads_until, weights=weights)


def test_it_keeps_the_promises_of_a_subject(twin, observation):
    check_subject(twin, observation)


@pytest.mark.parametrize("add", [False, True])
def test_recordings_and_edited_runs_are_those_of_its_twin_in_jax(twin, net, observation, add):
    where = jnp.zeros(observation.shape[:3], bool).at[:, 2:4, 1:5].set(True)
    values = jax.random.normal(jax.random.key(0), (*observation.shape[:3], net.channels))
    edits = (Edit("state", where, values, 2, 3, add),)
    ours, theirs = (run(subject, observation, edits, ("state",)) for subject in (net, twin))
    np.testing.assert_allclose(ours.logits, theirs.logits, atol=1e-5)
    np.testing.assert_allclose(ours.recording["state"], theirs.recording["state"], atol=1e-5)
    np.testing.assert_allclose(ours.change, theirs.change, atol=1e-5)
    assert np.abs(ours.logits - run(twin, observation).logits).max() > 1e-3


def test_there_is_no_loop_to_open_in_what_is_not_traced(twin, net, observation):
    assert open_loop(twin, observation) is twin
    assert open_loop(net, observation) is net


def test_other_weights_are_another_subject(twin, net):
    steps, weights = numpy_twin(net)
    kinds = {"sites": net.sites, "ticks": net.ticks, "reads_until": net.reads_until}
    moved = numpy_steps(steps, **kinds, weights={**weights, "out_bias": weights["out_bias"] + 1e-3})
    assert not np.array_equal(twin.weights["out_bias"], moved.weights["out_bias"])
    seen = jnp.zeros((2, 3, 3, 7))
    np.testing.assert_allclose(moved.logits(seen), twin.logits(seen) + 1e-3, atol=1e-6)


def test_weights_can_be_replaced_like_those_of_any_subject(twin, net, observation):
    ours, theirs = (eqx.filter_jit(lambda s: s.logits(observation))(halved(s)) for s in (net, twin))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(ours - net.logits(observation)).max() > 1e-3


def halved(subject):
    return jax.tree.map(lambda leaf: leaf / 2 if eqx.is_inexact_array(leaf) else leaf, subject)


def test_what_code_holds_is_unknown_unless_somebody_vouches_for_it(twin, net):
    steps, weights = numpy_twin(net)
    kinds = {"sites": net.sites, "ticks": net.ticks, "reads_until": net.reads_until, "weights": weights}
    assert twin.hidden_bits == float("inf")
    assert numpy_steps(steps, **kinds, hidden_bits=5.0).hidden_bits == 5.0


def test_edits_that_cannot_be_name_what_is_wrong(twin, observation):
    shape = observation.shape[:3]
    everywhere, zeros = jnp.ones(shape, bool), jnp.zeros((*shape, 5))
    with pytest.raises(EditError, match="did you mean 'state'"):
        run(twin, observation, (Edit("stat", everywhere, zeros, 1, 1),))
    with pytest.raises(EditError, match=r"values of shape \(4, 7, 7, 4\)"):
        run(twin, observation, (Edit("state", everywhere, zeros[..., 1:], 1, 1),))
    with pytest.raises(EditError, match="changed nothing"):
        run(twin, observation, (Edit("state", everywhere, zeros, 0, 0),))


def broken(net, **functions):
    steps, weights = numpy_twin(net)
    return numpy_steps(steps._replace(**functions), sites=net.sites, ticks=5, reads_until=2, weights=weights)


def nan_at(where):
    def step(weights, state, observation, tick):
        value = np.array(state["state"])
        if tick == 3:
            value[where] = np.nan
        return {"state": value}

    return step


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        (
            {"think": nan_at((2, 1, 0, 4))},
            "site 'state' after tick 3 is not finite: nan in level 2, cell row 1 column 0",
        ),
        ({"think": lambda w, s, o, t: {"state": s["state"][..., 1:]}}, "expected .*they differ in channel"),
        ({"think": lambda w, s, o, t: {"h": s["state"]}}, r"has the sites \['h'\]; expected \['state'\]"),
        ({"start": lambda w, *shape: None}, "the state before the first tick has the sites NoneType"),
        ({"act": lambda w, s: s["state"][:, :6, :, :4]}, "the answer of `act` has shape .*they differ in height"),
        ({"act": lambda w, s: s["state"][0]}, r"the answer of `act` has shape .*\(level, height, width, channel\)"),
        (
            {"logits": lambda w, o: np.full((*o.shape[:3], 4), np.inf)},
            "no policy in level 0, cell row 0 column 0 .interior.: action 0 has plus infinity",
        ),
    ],
)
def test_what_comes_back_wrong_is_named(net, observation, functions, words):
    with pytest.raises(jax.errors.JaxRuntimeError) as caught:
        jax.block_until_ready(jax.jit(lambda seen: broken(net, **functions).logits(seen))(observation))
    error = as_subject_error(caught.value)
    assert isinstance(error, SubjectError)
    assert re.search(words, str(error))
    assert said(caught.value) == f"SubjectError: {error}"


def test_what_somebodys_code_raises_is_said_in_one_line(net, observation):
    def step(weights, state, observation, tick):
        raise KeyError("lost\nand more")

    with pytest.raises(jax.errors.JaxRuntimeError) as caught:
        jax.block_until_ready(jax.jit(lambda seen: broken(net, think=step).logits(seen))(observation))
    assert said(caught.value).startswith("KeyError: ")
    assert as_subject_error(caught.value) is None
    assert said(ValueError("one\ntwo")) == "ValueError: one"


@pytest.mark.parametrize(("ticks", "reads", "sites"), [(0, 0, 1), (3, 4, 1), (3, 1, 0), (3, 1, 2)])
def test_numbers_that_cannot_be_are_refused(net, ticks, reads, sites):
    with pytest.raises(SubjectError, match="expected ticks|needs sites"):
        numpy_steps(numpy_twin(net)[0], sites=(Site("a", 1, ""),) * sites, ticks=ticks, reads_until=reads, weights={})


def test_a_call_is_mapped_over_one_by_one():
    shapes = []

    def double(x):
        shapes.append(x.shape)
        return [2 * x]

    rows = jnp.arange(6.0).reshape(3, 2)
    doubled = jax.jit(jax.vmap(lambda row: host_call(double, [(2,)], row)[0]))(rows)
    np.testing.assert_array_equal(doubled, 2 * rows)
    assert shapes == [(2,)] * 3


ONE_CORE = """
import os
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import jax, jax.numpy as jnp
from mesascope.adapters.host import host_call
large = jnp.ones((512, 7, 7, 24))
tick = lambda h, _: (host_call(lambda x: [x + 1], [h.shape], h)[0], None)
program = jax.jit(lambda h: jax.lax.scan(tick, h, None, length=8)[0])
print(sum(float(r.mean()) for r in [program(large + i) for i in range(8)]))
"""


def test_large_arrays_do_not_wait_for_ever_on_one_core():
    """`jax.pure_callback` does."""
    done = subprocess.run(
        [sys.executable, "-c", ONE_CORE], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == str(float(sum(9 + i for i in range(8)))), done.stderr


def test_a_missing_torch_names_the_command_that_installs_it(monkeypatch):
    from mesascope.adapters.torch_modules import torch_subject

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UsageError, match=r"pip install 'mesascope\[torch\]'"):
        torch_subject(object())
