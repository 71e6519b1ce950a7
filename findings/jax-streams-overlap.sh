#!/usr/bin/env bash
# jax 0.10.2 (jaxlib 0.10.2), CPU, default settings: `fold_in(key, i)` is `split(key, n)[i]`, and a larger draw begins with the smaller.
#
# Two ways of deriving keys look independent and are not: the key folded in with 0, 1, ... is the first, second, ... of the keys that the
# same key is split into, so that a program that splits a key for its parts and folds a step's number into the same key gives a
# part the stream of a step. Nor does the number of keys or draws enter what they are: `split(key)` is the beginning of
# `split(key, 3)`, and 4 draws are the first 4 of 8 of the same key, along the first axis, for uniform, normal, gamma, categorical and
# others, and for choices without replacement; not for a permutation, nor along a later axis. So a test set of 8 that is drawn with the key of a training
# set of 4 holds all of it. With `JAX_THREEFRY_PARTITIONABLE=0`, the default of jax before 0.5, none of this is so but for choices. (From
# memory one expects that: other streams for `fold_in` and `split`, and other numbers for another shape.)
#
# Seen:
#     fold_in is split: True True
#     split in 2 begins split in 3: True
#     4 begin 8: uniform True, normal True, gamma True, categorical True, choice True, permutation False, later axis False
#     switched off, fold_in is split: False False
#     switched off, split in 2 begins split in 3: False
#     switched off, 4 begin 8: uniform False, normal False, gamma False, categorical False, choice True, permutation False, later axis False
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import sys

import jax
import jax.numpy as jnp
import numpy as np

key = jax.random.key(0)
begins = sys.argv[1]


def data(keys):
    return np.asarray(jax.random.key_data(keys))


def same(draw):
    return bool((np.asarray(draw(4)) == np.asarray(draw(8))[:4]).all())


draws = {
    "uniform": lambda n: jax.random.uniform(key, (n, 3)),
    "normal": lambda n: jax.random.normal(key, (n,)),
    "gamma": lambda n: jax.random.gamma(key, 2.0, (n,)),
    "categorical": lambda n: jax.random.categorical(key, jnp.zeros((n, 5))),
    "choice": lambda n: jax.random.choice(key, 10, (n,), replace=False),
    "permutation": lambda n: jax.random.permutation(key, n),
    "later axis": lambda n: jax.random.uniform(key, (3, n)).T,
}
parts = data(jax.random.split(key, 5))
print(f"{begins}fold_in is split:", *(bool((data(jax.random.fold_in(key, i)) == parts[i]).all()) for i in (0, 4)))
print(f"{begins}split in 2 begins split in 3:", bool((data(jax.random.split(key)) == data(jax.random.split(key, 3))[:2]).all()))
print(f"{begins}4 begin 8:", ", ".join(f"{name} {same(draw)}" for name, draw in draws.items()))
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
export JAX_PLATFORMS=cpu PYTHONPATH="$folder/packages"
{
  python3 "$folder/show.py" ""
  JAX_THREEFRY_PARTITIONABLE=0 python3 "$folder/show.py" "switched off, "
} 2> "$folder/errors" | tee "$folder/seen" || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
