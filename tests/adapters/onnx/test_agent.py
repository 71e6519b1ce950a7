"""Networks in ONNX files: what they are given, in which type, order and number, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.onnx.loader import load_reference
from mesascope.adapters.onnx.session import open_model
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import AgentFileError, SubjectError, UsageError
from mesascope.core.subject import View
from mesascope.jobs.subjects import find_source
from mesascope.worlds.grids.red_doors import RedDoors
from tests.adapters.onnx.conftest import MEMORY, WEIGHTS

onnx = pytest.importorskip("onnx", reason="ONNX is not installed: tests/QUARANTINES.md")
pytest.importorskip("onnxruntime", reason="ONNX is not installed: tests/QUARANTINES.md")

FLOAT, HALF, BYTE, LONG = (getattr(onnx.TensorProto, name) for name in ("FLOAT", "FLOAT16", "UINT8", "INT64"))
WORLD = RedDoors(size=5)
FULL = np.asarray(WORLD.observe(WORLD.draw(0, 2), "full"))
NAMES = ("right", "up", "down", "left")
ORDER = [NAMES.index(name) for name in WORLD.actions]


def logits_of(path, **options):
    subject = load_reference(f"onnx:{path},output=logits", actions=NAMES, **options).subject(WORLD)
    return np.asarray(subject.logits(jnp.asarray(FULL)))


def expected(shown=FULL):
    return (shown.reshape(2, 9, -1) @ WEIGHTS)[..., ORDER]


@pytest.mark.parametrize("dtype", [FLOAT, HALF, BYTE, LONG])
@pytest.mark.parametrize("batch", ["n", 4])
def test_it_is_given_its_own_type_in_batches_that_it_takes(network, dtype, batch):
    np.testing.assert_allclose(logits_of(network((batch, 3, 3, 8), dtype)), expected(), atol=1e-4)


def test_pictures_are_put_in_the_only_order_that_fits(network):
    first = np.moveaxis(FULL, -1, 2)
    np.testing.assert_allclose(logits_of(network(("n", 8, 3, 3))), expected(first), atol=1e-4)
    np.testing.assert_allclose(logits_of(network(("n", 72))), expected(), atol=1e-4)
    with pytest.raises(UsageError, match="fit in several ways: write observe=channels-first or observe=channels-last"):
        logits_of(network(("n", "a", "b", "c")))
    np.testing.assert_allclose(
        logits_of(network(("n", "a", "b", "c")), observe="channels-first"), expected(first), atol=1e-4
    )


def test_a_layout_that_does_not_fit_is_named_with_both_shapes(network):
    with pytest.raises(
        SubjectError, match=r"input 'x' float32 \(n, 8, 9, 1\) and a view of shape \(3, 3, 8\) do not fit"
    ):
        logits_of(network(("n", 8, 9, 1)))
    message = r"input 'x' float32 \(n, 8, 3, 3\) was given shape \(3, 3, 3, 8\): the same numbers in another order"
    with pytest.raises(SubjectError, match=message):
        logits_of(network(("n", 8, 3, 3)), observe="channels-last")
    with pytest.raises(
        SubjectError, match=r"was given shape \(3, 3, 3, 8\): as many numbers in one row, as observe=flat"
    ):
        logits_of(network(("n", 72)), observe="channels-last")


def test_numbers_that_its_type_does_not_hold_are_refused(network):
    with pytest.raises(SubjectError, match="does not hold what it was given, numbers from 0 to 0.5"):
        logits_of(network(("n", 72), BYTE), observe=lambda shown: shown.reshape(len(shown), -1) / 2)


def test_an_output_is_named_or_numbered(network):
    path = network()
    by_name, by_number = (load_reference(f"onnx:{path},output={o}", actions=NAMES) for o in ("logits", "0"))
    assert by_name.identity == by_number.identity
    with pytest.raises(UsageError, match="unknown output 'logit': did you mean 'logits'"):
        load_reference(f"onnx:{path},output=logit", actions=NAMES)
    with pytest.raises(UsageError, match="write output=N"):
        load_reference(f"onnx:{path}", actions=NAMES).subject(WORLD)
    with pytest.raises(SubjectError, match=r"answered 3 queries with float32 \(3, 1\)"):
        load_reference(f"onnx:{path},output=value", actions=NAMES).subject(WORLD)


def test_weights_in_another_file_belong_to_it(network):
    path = network(external=True)
    assert (path.parent / "weights.bin").exists()
    np.testing.assert_allclose(logits_of(path), expected(), atol=1e-4)
    before = open_model(path).sha256
    held = bytearray((path.parent / "weights.bin").read_bytes())
    held[1] ^= 255
    (path.parent / "weights.bin").write_bytes(held)
    assert open_model(path).sha256 != before
    (path.parent / "weights.bin").unlink()
    with pytest.raises(AgentFileError, match="onnxruntime does not load this file"):
        open_model(path)


def test_what_is_no_file_for_onnxruntime_is_refused(network, tmp_path):
    with pytest.raises(
        AgentFileError, match="needs operators of its owner's, my.ops:Own, which are code outside of the file"
    ):
        open_model(network(domain="my.ops"))
    with pytest.raises(AgentFileError, match="onnxruntime does not load this file"):
        open_model(network(opset=999))
    (tmp_path / "agent.onnx").write_bytes(b"hello")
    with pytest.raises(AgentFileError, match="expected an ONNX file; reading it failed"):
        open_model(tmp_path / "agent.onnx")
    with pytest.raises(AgentFileError, match="found nothing there"):
        open_model(tmp_path / "other.onnx")
    with pytest.raises(AgentFileError, match="found a folder"):
        open_model(tmp_path)


@pytest.mark.long
def test_it_is_named_on_the_command_line(network):
    source = find_source(f"onnx:{network()},output=logits,actions=right/up/down/left", WORLD)
    assert source.make(None, 0).name == "agent.onnx (ONNX)"


def test_one_with_a_memory_is_asked_with_the_memory_it_has_by_then(recurrent):
    path, first = recurrent()
    agent = load_reference(f"onnx:{path},recurrent=true", actions=NAMES)
    subject = agent.subject(WORLD)
    state, memory = subject.start(jnp.asarray(FULL[:, 0])), np.zeros((2, 5))
    for step in (0, 4, 7):
        seen = jnp.asarray(FULL[:, step])
        state = subject.think(state, View(seen[..., :-1], seen[..., -1:], jnp.ones(2, bool)), jnp.asarray(0))
        memory = np.tanh(FULL[:, step].reshape(2, -1) @ first + memory)
        np.testing.assert_allclose(subject.act(state), (memory @ MEMORY)[:, ORDER], atol=1e-4)
    check_subject(subject, jnp.asarray(FULL), all_states=False)
    named = load_reference(f"onnx:{path},recurrent=true,states=h0:hn", actions=NAMES)
    assert named.identity == agent.identity


def test_a_memory_is_never_left_out_in_silence(recurrent):
    path, _ = recurrent()
    with pytest.raises(
        UsageError, match="looks recurrent: inputs and outputs of one shape, h0 and hn, may be a memory"
    ):
        load_reference(f"onnx:{path}", actions=NAMES).subject(WORLD)
    with pytest.raises(UsageError, match="unknown input 'h': did you mean 'h0'"):
        load_reference(f"onnx:{path},recurrent=true,states=h:hn", actions=NAMES)
    with pytest.raises(UsageError, match="write recurrent=true as well"):
        load_reference(f"onnx:{path},states=h0:hn", actions=NAMES)
    path, _ = recurrent(state=(1, 1, 5), batch=1)
    with pytest.raises(UsageError, match=r"state 'h0' float32 \(1, 1, 5\).*expected one axis of any size in each"):
        load_reference(f"onnx:{path},recurrent=true", actions=NAMES)
