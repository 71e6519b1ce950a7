#!/usr/bin/env bash
# equinox 0.13.8 with mypy 2.4.1: a field that a base class declares as `AbstractVar` is no parameter of the constructor until a class
# gives it, and mypy takes it for the first parameter.
#
# At run time parameters come in the order in which the class below declares them. mypy reads a module by the rule of
# dataclasses, by which a field of the base comes first. So it refuses the call that is right and passes the one that puts each
# value into the other's field. (From memory one expects both to agree, since type checkers are told that modules are
# dataclasses.) Arguments given by name are right for both.
#
# Seen:
#     run Walk(rate=0.5, steps=3): Walk(rate=0.5, steps=3)
#     run Walk(0.5, 3): Walk(rate=0.5, steps=3)
#     run Walk(3, 0.5): Walk(rate=3, steps=0.5)
#     mypy: line 14: error: Argument 1 to "Walk" has incompatible type "float"; expected "int"
#     mypy: 1 error
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    equinox==0.13.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 mypy==2.4.1

cat > "$folder/show.py" <<'PYTHON'
import equinox as eqx


class Base(eqx.Module):
    steps: eqx.AbstractVar[int]


class Walk(Base):
    rate: float
    steps: int


named = Walk(rate=0.5, steps=3)
ordered = Walk(0.5, 3)
turned = Walk(3, 0.5)
for call, walk in {"rate=0.5, steps=3": named, "0.5, 3": ordered, "3, 0.5": turned}.items():
    print(f"run Walk({call}): Walk(rate={walk.rate}, steps={walk.steps})")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
{
    JAX_PLATFORMS=cpu PYTHONPATH="$folder/packages" python3 "$folder/show.py"
    (cd "$folder" && PYTHONPATH="$folder/packages" python3 -m mypy --python-executable "$(command -v python3)" show.py || true) > "$folder/types"
    sed -n 's/^show.py:\([0-9]*\): \(error: .*\)  \[.*$/mypy: line \1: \2/p' "$folder/types"
    echo "mypy: $(grep -c ': error: ' "$folder/types") error"
} | tee "$folder/seen"
cat "$folder/types" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
