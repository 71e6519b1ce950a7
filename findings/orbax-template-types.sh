#!/usr/bin/env bash
# orbax-checkpoint 0.12.8 with jax 0.10.2: restoring into a template of another type casts without a word, where another shape is an error;
# and whether a number of NumPy comes back as an array depends on which class saved it.
#
# With a template (`StandardCheckpointer.restore(path, template)`) names and shapes are compared with what was saved and refused where
# they differ. Types are not: 2.75 restored into int32 is 2, and -3.97 into bfloat16 is -3.96875. Without a template a `numpy.float32` that
# `StandardCheckpointer` saved is an array of float32, and one that `PyTreeCheckpointer` saved is a `float` of Python, its type lost; tuples
# and named tuples, and so the states of optax, are lists and dicts. (From memory one expects a template to be either followed or
# compared in both, shape and type, and the two classes to write one format.)
#
# Seen:
#     template int32: [2, -3]
#     template bfloat16: [2.75, -3.96875]
#     template of another shape: ValueError
#     template with one name more: ValueError
#     StandardCheckpointer: number ndarray float32, tuple list, named tuple dict
#     PyTreeCheckpointer: number float, tuple list, named tuple dict
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    orbax-checkpoint==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import sys
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp


class Pair(NamedTuple):
    one: object
    other: object


def kind(value):
    return f"{type(value).__name__} {value.dtype}" if hasattr(value, "dtype") else type(value).__name__


place = Path(sys.argv[1])
saver = ocp.StandardCheckpointer()
saver.save(place / "w", {"w": jnp.array([2.75, -3.97])})
saver.wait_until_finished()
for dtype in (jnp.int32, jnp.bfloat16):
    found = saver.restore(place / "w", {"w": jax.ShapeDtypeStruct((2,), dtype)})["w"]
    print(f"template {found.dtype}: {found.tolist()}")
one = jax.ShapeDtypeStruct((2,), jnp.float32)
for what, template in {
    "of another shape": {"w": jax.ShapeDtypeStruct((1,), jnp.float32)},
    "with one name more": {"w": one, "v": one},
}.items():
    try:
        saver.restore(place / "w", template)
        print(f"template {what}: taken")
    except ValueError as error:
        print(f"template {what}: {type(error).__name__}")
tree = {"number": np.float32(2.5), "tuple": (np.ones(1), 2), "pair": Pair(np.ones(1), None)}
for saving in (ocp.StandardCheckpointer, ocp.PyTreeCheckpointer):
    with saving() as saver:
        saver.save(place / saving.__name__, tree)
    with ocp.PyTreeCheckpointer() as reader:
        found = reader.restore(place / saving.__name__)
    parts = f"tuple {kind(found['tuple'])}, named tuple {kind(found['pair'])}"
    print(f"{saving.__name__}: number {kind(found['number'])}, {parts}")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
JAX_PLATFORMS=cpu PYTHONPATH="$folder/packages" python3 "$folder/show.py" "$folder" 2> "$folder/errors" | tee "$folder/seen" \
    || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
