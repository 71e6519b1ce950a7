#!/usr/bin/env bash
# flax 0.12.8 with jax 0.10.2: how many units a recurrent cell of `flax.linen` has is the width of the carry that it is first given,
# whatever its `features` says.
#
# `features` is read by `initialize_carry` alone. A cell made with `features=3` and called with a carry of 5 units gets parameters for
# 5 units and works, without an error or a warning; so it does where carry and input are given in the wrong order (PyTorch's cells
# take the input first), where it reads the carry as the input. (From memory one expects `features` to decide the shapes of the
# parameters, as it does in `nn.Dense`, and a carry of another width to raise.) What shows it is the shape of a parameter, such as
# ("in", "kernel") of a GRU.
#
# Seen:
#     SimpleCell(features=3), carry of 5: answer (1, 5)
#     GRUCell(features=3), carry of 5: answer (1, 5)
#     MGUCell(features=3), carry of 5: answer (1, 5)
#     LSTMCell(features=3), carry of 5: answer (1, 5)
#     OptimizedLSTMCell(features=3), carry of 5: answer (1, 5)
#     GRUCell(features=3), (carry, input): kernel from the input (2, 3)
#     GRUCell(features=3), (input, carry): kernel from the input (3, 2)
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    flax==0.12.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import flax.linen as nn
import jax
import jax.numpy as jnp

key, x, five = jax.random.key(0), jnp.ones((1, 2)), jnp.zeros((1, 5))
for kind in (nn.SimpleCell, nn.GRUCell, nn.MGUCell, nn.LSTMCell, nn.OptimizedLSTMCell):
    carry = (five, five) if "LSTM" in kind.__name__ else five
    (_, answer), _ = kind(features=3).init_with_output(key, carry, x)
    print(f"{kind.__name__}(features=3), carry of 5: answer {answer.shape}")
cell = nn.GRUCell(features=3)
carry = cell.initialize_carry(key, x.shape)
for order, given in {"(carry, input)": (carry, x), "(input, carry)": (x, carry)}.items():
    shape = cell.init(key, *given)["params"]["in"]["kernel"].shape
    print(f"GRUCell(features=3), {order}: kernel from the input {shape}")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
JAX_PLATFORMS=cpu PYTHONPATH="$folder/packages" python3 -W error "$folder/show.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as described"
