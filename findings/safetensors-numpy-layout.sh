#!/usr/bin/env bash
# safetensors 0.8.0 with NumPy 2.4.6: `safetensors.numpy.save` writes an array's memory as it lies, and not its values.
#
# An array that is not C-contiguous is saved under its own shape with the bytes that start at its data pointer. What is
# loaded has the right shape and type and other numbers, and nothing warns: a Fortran-ordered matrix comes back scrambled,
# a transpose comes back as the untransposed numbers reshaped, and a[::2] comes back as the first half of a, numbers that
# were never in it included. (From memory one expects either a copy to C order, as `ndarray.tobytes()` makes by default, or
# an error, as `safetensors.torch.save` raises for tensors that are not contiguous.) A big-endian array, on the other hand, is
# converted and comes back right. `numpy.ascontiguousarray` before saving avoids it.
#
# Seen:
#     fortran    [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] loaded as [[0.0, 3.0, 1.0], [4.0, 2.0, 5.0]]
#     transpose  [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]] loaded as [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
#     every 2nd  [0.0, 2.0, 4.0, 6.0] loaded as [0.0, 1.0, 2.0, 3.0]
#     big-endian [0.0, 1.0, 2.0, 3.0] loaded as [0.0, 1.0, 2.0, 3.0]
#     contiguous [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]] loaded as [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" safetensors==0.8.0 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import numpy as np
from safetensors.numpy import load, save

matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
for name, array in {
    "fortran": np.asfortranarray(matrix),
    "transpose": matrix.T,
    "every 2nd": np.arange(8, dtype=np.float32)[::2],
    "big-endian": np.arange(4, dtype=">f4"),
    "contiguous": np.ascontiguousarray(matrix.T),
}.items():
    print(f"{name:10} {array.tolist()} loaded as {load(save({name: array}))[name].tolist()}")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
PYTHONPATH="$folder/packages" python3 "$folder/show.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as described"
