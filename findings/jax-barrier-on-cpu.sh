#!/usr/bin/env bash
# jax 0.10.2 on a CPU: `jax.lax.optimization_barrier` is gone before operations are fused, and what stands behind it is fused with
# what stands before.
#
# A barrier is what one reaches for to have an expensive intermediate result written once and read by many. In the program as JAX hands it over
# the barrier is there. In the compiled one there is none, the exponential before it and the padding behind it are one fused
# operation, and with or without it the compiled programs are the same text, names of sources aside. What is only cheap to write once, and
# read by several consumers, may still be computed again for each of them. A loop (`lax.fori_loop`) does keep the two apart: its
# rounds are no operation that can be fused with what reads them. (From memory one expects the barrier to keep them apart.)
#
# Seen:
#     a barrier is in the lowered program: True
#     a barrier is in the compiled program: False
#     exponential and padding are in one fused operation: True
#     compiled with and without the barrier: the same
#     with a loop instead, exponential and padding are in one fused operation: False
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import re

import jax
import jax.numpy as jnp


def padded(x, apart):
    y = jnp.exp(x)
    if apart == "barrier":
        y = jax.lax.optimization_barrier(y)
    if apart == "loop":
        y = jax.lax.fori_loop(0, len(x), lambda i, y: y.at[i].set(jnp.exp(x[i])), jnp.zeros_like(x))
    return jnp.pad(y, 1)


def programs(apart):
    lowered = jax.jit(padded, static_argnums=1).lower(jnp.ones((64, 64)), apart)
    return lowered.as_text(), lowered.compile().as_text()


def together(compiled):
    bodies = re.findall(r"^%\S+ \(.*?^}", compiled, flags=re.M | re.S)
    return any(" exponential(" in body and " pad(" in body for body in bodies)


def bare(compiled):
    return re.sub(r", metadata=\{[^}]*\}", "", compiled[compiled.index("%fused") :])


lowered, compiled = programs("barrier")
print("a barrier is in the lowered program:", "optimization_barrier" in lowered)
print("a barrier is in the compiled program:", "opt-barrier" in compiled)
print("exponential and padding are in one fused operation:", together(compiled))
print("compiled with and without the barrier:", "the same" if bare(compiled) == bare(programs("none")[1]) else "different")
print("with a loop instead, exponential and padding are in one fused operation:", together(programs("loop")[1]))
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
JAX_PLATFORMS=cpu PYTHONPATH="$folder/packages" python3 "$folder/show.py" 2> "$folder/errors" | tee "$folder/seen" || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
