#!/usr/bin/env bash
# onnxruntime 1.32.0, CPU: `ArgMax` passes over NaN, unless NaN comes first; and a name that two dimensions share is not compared.
#
# `numpy.argmax` gives the place of the first NaN, and so do PyTorch and JAX. ONNX Runtime compares with `>`: a NaN that is not in
# first place never wins, and one in first place is never beaten. So a network whose logits broke still answers with a plausible
# action once `ArgMax` is part of the file, and where the NaN is in first place with action 0. A dimension that has the same name in
# two inputs, as a batch "n", may be 3 in one and 1 in the other: the one row is broadcast. (From memory one expects NaN to win, and
# the run to fail as it does for a wrong fixed dimension.)
#
# Seen:
#     [0.0, nan, 1.0, 0.5]: numpy 1, onnxruntime 2
#     [nan, 5.0, 1.0, 0.5]: numpy 0, onnxruntime 0
#     [0.0, 0.5, 1.0, nan]: numpy 3, onnxruntime 2
#     x ('n', 2) given (3, 2), h ('n', 2) given (1, 2): y (3, 2)
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper


def session(node, inputs, outputs):
    ports = [[helper.make_tensor_value_info(*port) for port in group] for group in (inputs, outputs)]
    model = helper.make_model(
        helper.make_graph([node], "g", *ports), opset_imports=[helper.make_opsetid("", 17)], ir_version=10
    )
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


greatest = session(
    helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=0),
    [("x", TensorProto.FLOAT, ["n", 4])],
    [("y", TensorProto.INT64, ["n"])],
)
for row in ([0.0, np.nan, 1.0, 0.5], [np.nan, 5.0, 1.0, 0.5], [0.0, 0.5, 1.0, np.nan]):
    x = np.array([row], np.float32)
    print(f"{row}: numpy {x.argmax(1)[0]}, onnxruntime {greatest.run(None, {'x': x})[0][0]}")
shape = ("n", 2)
add = session(
    helper.make_node("Add", ["x", "h"], ["y"]),
    [("x", TensorProto.FLOAT, shape), ("h", TensorProto.FLOAT, shape)],
    [("y", TensorProto.FLOAT, shape)],
)
y = add.run(None, {"x": np.ones((3, 2), np.float32), "h": np.ones((1, 2), np.float32)})[0]
print(f"x {shape} given (3, 2), h {shape} given (1, 2): y {y.shape}")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
PYTHONPATH="$folder/packages" python3 "$folder/show.py" 2> "$folder/errors" | tee "$folder/seen" || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
