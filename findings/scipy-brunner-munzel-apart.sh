#!/usr/bin/env bash
# scipy 1.17.1: the Brunner-Munzel test has no p-value for the clearest difference there is, or one of exactly 0 from two values a side.
#
# Two kinds of training, each with some seeds, of which every seed of one kind comes to less than every seed of the other: the
# probability of improvement is 1. The statistic is then infinite, its degrees of freedom are 0 / 0, and with the default (Student's) the
# p-value is NaN, with 20 seeds a side as with 2, so that `p < 0.05` is False exactly where kinds differ most: one seed that
# overlaps brings p back, far below 0.05. With `distribution="normal"` the p-value is 0.0 whatever the number of seeds, also of 2 against 2,
# where a permutation test can say no less than 1/3. (From memory one expects a small p-value that depends on the number of seeds.)
#
# Seen:
#     2 against 2: p = nan (normal: 0.0), permutation 0.3333
#     20 against 20: p = nan (normal: 0.0)
#     20 against 20, one seed overlaps: p below 0.05 True
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" scipy==1.17.1 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import warnings

import numpy as np
from scipy import stats

warnings.simplefilter("ignore")


def both(first, second):
    return tuple(float(stats.brunnermunzel(first, second, distribution=d).pvalue) for d in ("t", "normal"))


def difference(x, y, axis):
    return x.mean(axis) - y.mean(axis)


few = np.array([1.0, 2.0]), np.array([3.0, 4.0])
many = np.arange(20.0), np.arange(20.0, 40.0)
exact = stats.permutation_test(few, difference, vectorized=True).pvalue
student, normal = both(*few)
print(f"2 against 2: p = {student} (normal: {normal}), permutation {exact:.4f}")
student, normal = both(*many)
print(f"20 against 20: p = {student} (normal: {normal})")
overlapping = many[0].copy()
overlapping[-1] = 20.5
student, _ = both(overlapping, many[1])
print(f"20 against 20, one seed overlaps: p below 0.05 {student < 0.05}")
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
PYTHONPATH="$folder/packages" python3 "$folder/show.py" 2> "$folder/errors" | tee "$folder/seen" || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
