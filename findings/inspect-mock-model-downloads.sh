#!/usr/bin/env bash
# inspect-ai 0.3.285: the mock model, `mockllm/model`, needs the network, unless every output that it is told to give says how many
# tokens it took.
#
# An output without `usage` is given one by counting tokens with tiktoken, whose encoding o200k_base is downloaded at that moment. Where
# the download fails the evaluation ends with the status `error`, no sample scored and no exception raised. (From memory one expects a
# mock model, which exists for tests, to need nothing from outside, and canned answers to be scored.) With a `usage` of any numbers the
# same evaluation succeeds.
#
# Seen (the network is shut off by a proxy that is not there):
#     without usage: error, results: False
#     with usage: success, results: True
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" inspect-ai==0.3.285

cat > "$folder/show.py" <<'PYTHON'
import inspect_ai
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate

for usage in (None, ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)):
    output = ModelOutput.from_content("mockllm/model", "A")
    output.usage = usage
    task = inspect_ai.Task(dataset=MemoryDataset([Sample(input="A or B?", target="A")]), solver=generate(), scorer=match())
    model = get_model("mockllm/model", custom_outputs=[output], memoize=False)
    log = inspect_ai.eval(task, model=model, display="none", log_dir="logs")[0]
    print(f"{'with' if usage else 'without'} usage: {log.status}, results: {log.results is not None}")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
mkdir "$folder/empty"
cd "$folder"
HTTPS_PROXY=http://127.0.0.1:9 TIKTOKEN_CACHE_DIR="$folder/empty" PYTHONPATH="$folder/packages" \
    python3 "$folder/show.py" 2> "$folder/errors" | tee "$folder/seen" || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
