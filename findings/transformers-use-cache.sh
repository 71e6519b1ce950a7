#!/usr/bin/env bash
# transformers 5.24.0 with PyTorch 2.13.0: a cache of keys and values that is handed to a model grows, also with `use_cache=False`.
#
# `use_cache=False` only means that no new cache is made and none is given back. One that is passed in is written into all the same:
# the second of two equal calls reads the first call's token as well, and gives other logits. Nothing warns. (From memory one expects
# `use_cache=False` to leave a cache alone, or at least two equal calls in evaluation mode to agree.) So whoever tries several continuations of one prefix must copy the cache for each of them.
#
# Seen:
#     tokens in the cache: 4
#     after a call with use_cache=False: 5, given back: None
#     after the same call: 6, same logits: False
#     from copies of the cache, same logits: True, tokens in the cache: 4
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    torch==2.13.0 transformers==5.24.0 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import copy

import torch
from transformers import GPT2Config, GPT2LMHeadModel

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_positions=16, n_embd=32, n_layer=2, n_head=2)).eval()
prefix, token = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[5]])
with torch.inference_mode():
    cache = model(prefix, use_cache=True).cache
    print("tokens in the cache:", cache.get_seq_length())
    first = model(token, cache=cache, use_cache=False)
    print(f"after a call with use_cache=False: {cache.get_seq_length()}, given back: {first.cache}")
    second = model(token, cache=cache, use_cache=False)
    same = torch.allclose(first.logits, second.logits)
    print(f"after the same call: {cache.get_seq_length()}, same logits: {same}")
    cache = model(prefix, use_cache=True).cache
    one, two = (model(token, cache=copy.deepcopy(cache)).logits for _ in range(2))
    print(f"from copies of the cache, same logits: {torch.equal(one, two)}, tokens in the cache: {cache.get_seq_length()}")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
PYTHONPATH="$folder/packages" HF_HUB_OFFLINE=1 python3 "$folder/show.py" 2> "$folder/errors" | tee "$folder/seen" || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
