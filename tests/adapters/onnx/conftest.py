"""Small networks as ONNX files, and the same in NumPy."""

import numpy as np
import pytest

WEIGHTS = np.random.default_rng(0).normal(size=(72, 4)).astype(np.float32)
MEMORY = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)


@pytest.fixture
def network(tmp_path):
    """Writes a network to a file: logits (a matrix product of the flattened input) and their sum as a value."""
    onnx = pytest.importorskip("onnx", reason="ONNX is not installed: tests/QUARANTINES.md")
    pytest.importorskip("onnxruntime", reason="ONNX is not installed: tests/QUARANTINES.md")
    helper, types, arrays = onnx.helper, onnx.TensorProto, onnx.numpy_helper

    def write(shape=("n", 3, 3, 8), dtype=types.FLOAT, *, domain="", external=False, opset=17):
        nodes = [
            helper.make_node("Flatten", ["x"], ["row"], axis=1),
            helper.make_node("Cast", ["row"], ["number"], to=types.FLOAT),
            helper.make_node("MatMul", ["number", "w"], ["logits"]) if not domain else None,
            helper.make_node("Own", ["number"], ["logits"], domain=domain) if domain else None,
            helper.make_node("ReduceSum", ["logits", "axes"], ["value"], keepdims=1),
        ]
        given = [arrays.from_array(WEIGHTS, "w"), arrays.from_array(np.array([1]), "axes")]
        outputs = [
            helper.make_tensor_value_info(n, types.FLOAT, [shape[0], k]) for n, k in (("logits", 4), ("value", 1))
        ]
        inputs = [helper.make_tensor_value_info("x", dtype, shape)]
        graph = helper.make_graph([node for node in nodes if node], "g", inputs, outputs, given)
        sets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
        path = tmp_path / "agent.onnx"
        made = helper.make_model(graph, opset_imports=sets, ir_version=10)
        onnx.save_model(made, path, save_as_external_data=external, location="weights.bin", size_threshold=100)
        return path

    return write


@pytest.fixture
def recurrent(tmp_path):
    """Writes a network with a memory: after = tanh(x @ w + before), logits = after @ MEMORY; the second axis counts actors."""
    onnx = pytest.importorskip("onnx", reason="ONNX is not installed: tests/QUARANTINES.md")
    pytest.importorskip("onnxruntime", reason="ONNX is not installed: tests/QUARANTINES.md")
    helper, types, arrays = onnx.helper, onnx.TensorProto, onnx.numpy_helper

    def write(state=(1, "n", 5), batch="n"):
        nodes = [
            helper.make_node("Flatten", ["x"], ["row"], axis=1),
            helper.make_node("MatMul", ["row", "w"], ["seen"]),
            helper.make_node("Add", ["seen", "h0"], ["both"]),
            helper.make_node("Tanh", ["both"], ["hn"]),
            helper.make_node("Squeeze", ["hn", "axes"], ["flat"]),
            helper.make_node("MatMul", ["flat", "m"], ["logits"]),
        ]
        first = np.random.default_rng(2).normal(size=(72, 5)).astype(np.float32)
        given = [arrays.from_array(a, n) for a, n in ((first, "w"), (MEMORY, "m"), (np.array([0]), "axes"))]
        info = helper.make_tensor_value_info
        inputs = [info("x", types.FLOAT, (batch, 3, 3, 8)), info("h0", types.FLOAT, state)]
        outputs = [info("logits", types.FLOAT, (batch, 4)), info("hn", types.FLOAT, state)]
        graph = helper.make_graph(nodes, "g", inputs, outputs, given)
        path = tmp_path / "recurrent.onnx"
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
        path.write_bytes(made.SerializeToString())
        return path, first

    return write
