"""Competence against ticks."""

import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.behavior import measure_behavior
from mesascope.instruments.sample import draw_sample
from mesascope.instruments.thinking_time import measure_thinking_time, thinking_times
from mesascope.organisms.registry import build_organism
from tests.instruments.planted import WORLD


def test_times_are_powers_of_two_then_the_subject_s_own_and_beyond():
    assert thinking_times(16) == (1, 2, 4, 8, 16, 20, 24, 32)
    assert thinking_times(1) == (1, 2)
    assert thinking_times(6) == (1, 2, 4, 6, 7, 9, 12)


def test_a_planner_gets_better_with_every_sweep_until_it_is_optimal():
    planner = build_organism("planner,ticks=16", WORLD, [])
    sample = draw_sample(WORLD, planner, named_key(0), 64, "training")
    found = measure_thinking_time(WORLD, planner, sample, levels=64)
    curve = {thought.ticks: thought.competence for thought in found}
    assert curve[1].value < curve[4].value < curve[8].value < curve[16].value
    assert curve[2].interval.high < curve[16].interval.low
    own = measure_behavior(WORLD, sample, named_key(1)).competence
    assert curve[16].value == pytest.approx(own.value, abs=1e-5)
