"""Correlations from moments against NumPy's own, and permutations within shells against drawing them."""

import numpy as np
import pytest

from mesascope.instruments.describe.moments import (
    beyond,
    explained,
    level_moments,
    partial,
    partial_correlation,
    shell_moments,
    slope,
)


@pytest.fixture
def cells():
    rng = np.random.default_rng(0)
    z = rng.integers(1, 5, size=(30, 20)).astype(float)
    x = z + rng.integers(0, 4, size=z.shape)
    y = x + 0.5 * z + rng.normal(size=z.shape)
    return rng.random(z.shape) < 0.7, y, x, z


def by_residuals(y, x, z):
    """Partial correlation as the correlation of what a line in z leaves."""
    design = np.stack([np.ones_like(z), z], 1)
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (y, x)]
    return np.corrcoef(*left)[0, 1]


def test_partial_correlation_is_that_of_residuals(cells):
    on, *variables = cells
    found = partial_correlation(level_moments(on, *variables))
    assert found.value == pytest.approx(by_residuals(*(v[on] for v in variables)), abs=1e-9)
    assert found.interval.low < found.value < found.interval.high


def test_lines_are_numpys(cells):
    on, y, x, _ = cells
    means = level_moments(on, y, x, np.log(x)).sum(0)[None]
    steepness, residual = np.polyfit(x[on], y[on], 1, full=True)[:2]
    assert slope(1)(means)[0] == pytest.approx(steepness[0])
    assert explained(1)(means)[0] == pytest.approx(1 - residual[0] / ((y[on] - y[on].mean()) ** 2).sum())
    assert explained(2)(means)[0] == pytest.approx(np.corrcoef(y[on], np.log(x[on]))[0, 1] ** 2)


def test_the_null_is_the_mean_over_permutations_within_shells(cells):
    on, y, x, z = cells
    rng, drawn = np.random.default_rng(1), []
    for _ in range(400):
        mixed = x.copy()
        for level in range(len(x)):
            for shell in np.unique(z[level]):
                at = np.flatnonzero(on[level] & (z[level] == shell))
                mixed[level, at] = x[level, rng.permutation(at)]
        drawn.append(partial(level_moments(on, y, mixed, z).sum(0)[None])[0])
    null = shell_moments(on, y, x, z)
    assert partial_correlation(null).value == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 20)
    assert beyond(level_moments(on, y, x, z), null).interval.low > 0


def test_what_does_not_vary_correlates_with_nothing(cells):
    on, y, x, z = cells
    still = level_moments(on, np.full_like(y, 3.0), x, z)
    assert partial_correlation(still).value == 0
    assert slope(1)(still.sum(0)[None])[0] == 0
    assert partial_correlation(level_moments(on, y, z, z)).value == 0
