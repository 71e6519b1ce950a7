"""What onnxruntime 1.32.0 really does, where the adapter depends on it: another version that differs fails."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="ONNX is not installed: tests/QUARANTINES.md")
runtime = pytest.importorskip("onnxruntime", reason="ONNX is not installed: tests/QUARANTINES.md")

FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def session(node, inputs, outputs):
    helper = onnx.helper
    ports = [[helper.make_tensor_value_info(*port) for port in group] for group in (inputs, outputs)]
    graph = helper.make_graph([node], "g", *ports)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    return runtime.InferenceSession(made.SerializeToString(), options, providers=["CPUExecutionProvider"])


def test_types_are_never_cast():
    """1.32.0: float64 for float32 raises, though NumPy's default is float64; the adapter casts to the declared type."""
    same = session(onnx.helper.make_node("Identity", ["x"], ["y"]), [("x", FLOAT, ["n"])], [("y", FLOAT, ["n"])])
    with pytest.raises(Exception, match="Unexpected input data type"):
        same.run(None, {"x": np.ones(2)})


def test_a_dimension_of_one_name_may_have_two_sizes():
    """1.32.0: 'n' of two inputs is not compared, and one row is added to each of three; the adapter counts rows itself."""
    node = onnx.helper.make_node("Add", ["x", "h"], ["y"])
    both = session(node, [("x", FLOAT, ["n", 2]), ("h", FLOAT, ["n", 2])], [("y", FLOAT, ["n", 2])])
    found = both.run(None, {"x": np.ones((3, 2), np.float32), "h": np.ones((1, 2), np.float32)})
    assert found[0].shape == (3, 2)


def test_an_output_may_have_another_shape_than_it_declares():
    """1.32.0: a warning in the log at most; the adapter looks at what comes out."""
    same = session(onnx.helper.make_node("Identity", ["x"], ["y"]), [("x", FLOAT, ["n", 2])], [("y", FLOAT, [1, 2])])
    assert same.run(None, {"x": np.ones((3, 2), np.float32)})[0].shape == (3, 2)


def test_the_greatest_of_numbers_with_nan_is_another_than_in_numpy():
    """1.32.0: ArgMax passes over NaN, `numpy.argmax` gives its place: an agent that answers with actions hides that it broke."""
    node = onnx.helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=0)
    greatest = session(node, [("x", FLOAT, ["n", 4])], [("y", INT64, ["n"])])
    row = np.array([[0.0, np.nan, 1.0, 0.5]], np.float32)
    assert (int(greatest.run(None, {"x": row})[0][0]), int(row.argmax(1)[0])) == (2, 1)
