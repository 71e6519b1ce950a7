"""Probes: the closed form against least squares, and what can be read off agents that are known."""

import numpy as np
import pytest

from mesascope.instruments.describe.probes import measure_probes, probe_ticks
from mesascope.instruments.describe.ridge import PENALTIES, fit_probe, number, one_of, prepare, split_levels


@pytest.fixture
def readings():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 10, 3)).astype(np.float32)
    values = features @ np.array([1.0, -2.0, 0.0]) + 0.1 * rng.normal(size=(40, 10))
    return features, values, rng.random((40, 10)) < 0.8, split_levels(40)


def test_a_probe_is_a_ridge_regression(readings):
    features, values, cells, split = readings
    probe = fit_probe(prepare(features, cells, split), number("value", values), split)
    level = np.nonzero(cells)[0]
    rows, labels = features[cells].astype(float), values[cells]
    fit = split.fit[level]
    rows = (rows - rows[fit].mean(0)) / rows[fit].std(0)
    best = np.inf
    for penalty in PENALTIES:
        system = rows[fit].T @ rows[fit] + penalty * fit.sum() * np.eye(3)
        weights = np.linalg.solve(system, rows[fit].T @ (labels[fit] - labels[fit].mean()))
        errors = (rows @ weights + labels[fit].mean() - labels) ** 2
        chosen = errors[split.choose[level]].mean()
        if chosen < best:
            best, scored = chosen, errors[split.score[level]]
    truth = labels[split.score[level]]
    expected = 1 - scored.mean() / truth.var()
    assert probe.on(split.score, number("value", values)) == pytest.approx(expected, abs=1e-6)
    assert expected > 0.9


def test_a_direction_counts_where_the_likeliest_is_among_the_right_ones(readings):
    features, _, cells, split = readings
    sets = np.stack([features[..., 0] > 0, features[..., 0] <= 0, features[..., 0] > 9, features[..., 0] > 9], -1)
    target = one_of("direction", sets)
    assert fit_probe(prepare(features, cells, split), target, split).on(split.score, target) > 0.95


def test_ticks_are_powers_of_two_and_the_last():
    assert [probe_ticks(t) for t in (1, 2, 16, 20)] == [(1,), (2,), (2, 4, 8, 16), (2, 4, 8, 16, 20)]


def measured(known, name, twin=None):
    agent = known.make(name)
    found = measure_probes(known.world, agent.subject, twin, agent.sample, known.weights, known.key)
    return {probed.target: probed for probed in found.targets}, found


@pytest.mark.slow
def test_what_a_planner_holds_is_read_and_so_is_what_a_staged_table_plays(known):
    for name, site in (("planner,ticks=32", "value"), ("staged-lookup,ticks=32", "revealed")):
        by_target, found = measured(known, name)
        for target in ("distance", "reached"):
            assert by_target[target].site == site
            assert by_target[target].beyond.interval.low > 0.2
        assert all(proposed[0] == site for proposed in found.proposed)
    assert by_target["direction"].beyond.interval.low > 0


@pytest.mark.slow
def test_a_table_recalled_at_once_and_untrained_networks_propose_nothing(known):
    by_target, found = measured(known, "lookup")
    assert by_target["direction"].figure.value > 0.99
    assert found.proposed == ()
    by_target, found = measured(known, "untrained 0", known.make("untrained 1").subject)
    assert found.proposed == ()
    assert "untrained" in by_target["direction"].controls
