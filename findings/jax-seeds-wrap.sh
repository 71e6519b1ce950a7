#!/usr/bin/env bash
# jax 0.10.2 (jaxlib 0.10.2), CPU, default settings: `jax.random.key` keeps the lower 32 bits of a seed, and says nothing.
#
# The key holds two words of 32 bits, and the documentation speaks of a 64- or 32-bit seed; but unless double precision is
# switched on the upper word is always 0. So seeds that differ by a multiple of 2**32 give one and the same key, and -1 gives
# that of 2**32 - 1, for integers of Python and of NumPy alike and without a warning even under `python -W error`. (From
# memory one expects 64 bits of seed, or an OverflowError from 2**31 or 2**32 on.) An OverflowError comes only from 2**63 on,
# for Python's integers; an unsigned NumPy integer of that size wraps as well. `numpy.random.default_rng` tells all of these
# apart and refuses negative ones. Seeds made by hashing to 64 bits lose half of them.
#
# Seen:
#     3 -> [0, 3]
#     4294967299 -> [0, 3]
#     -1 -> [0, 4294967295]
#     4294967295 -> [0, 4294967295]
#     9223372036854775807 -> [0, 4294967295]
#     9223372036854775808 -> OverflowError
#     np.int64(4294967299) -> [0, 3]
#     np.uint64(9223372036854775811) -> [0, 3]
#     in double precision: 4294967299 -> [1, 3]
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import jax
import numpy as np


def words(seed):
    try:
        return jax.random.key_data(jax.random.key(seed)).tolist()
    except OverflowError as error:
        return type(error).__name__


for seed in (3, 2**32 + 3, -1, 2**32 - 1, 2**63 - 1, 2**63, np.int64(2**32 + 3), np.uint64(2**63 + 3)):
    print(repr(seed), "->", words(seed))
with jax.enable_x64(True):
    print("in double precision:", 2**32 + 3, "->", words(2**32 + 3))
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
env -u JAX_ENABLE_X64 JAX_PLATFORMS=cpu PYTHONPATH="$folder/packages" python3 -W error "$folder/show.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as described"
