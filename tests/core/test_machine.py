"""What of a machine decides bits: read from the system, and compared."""

import json

import pytest

from mesascope.core.machine import BIT_EXACT, STATISTICAL, comparison, machine, widest


@pytest.fixture
def fresh():
    machine.cache_clear()
    yield
    machine.cache_clear()


@pytest.mark.parametrize(
    ("information", "level"),
    [
        ("flags\t\t: fpu sse4_2 avx avx2 avx512f avx512_bf16\n", "avx512f"),
        ("flags\t\t: fpu sse4_2 avx avx2 fma\n", "avx2"),
        ("flags : fpu sse4_2\n", "sse4_2"),
        ("Features\t: fp asimd evtstrm\n", "asimd"),
    ],
)
def test_the_widest_instructions_are_told(information, level):
    assert widest(information).split()[-1] == level


def test_a_system_that_does_not_say_has_its_architecture():
    assert len(widest("").split()) == 1


def test_flags_that_change_results_are_recorded_in_one_order_and_others_are_not(fresh, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=dumped --xla_cpu_max_isa=AVX2 --xla_allow_excess_precision=false")
    assert machine()["xla_flags"] == "--xla_allow_excess_precision=false --xla_cpu_max_isa=AVX2"


def test_what_is_recorded_is_plain_text(fresh):
    assert all(isinstance(value, str) for value in json.loads(json.dumps(machine())).values())


@pytest.mark.parametrize(
    ("machines", "word"),
    [
        ([{"device": "cpu"}] * 3, BIT_EXACT),
        ([{"device": "cpu"}, {"device": "gpu"}], STATISTICAL),
        ([{"device": "cpu"}, None], STATISTICAL),
        ([None, None], STATISTICAL),
        ([{}, {}], STATISTICAL),
        ([], STATISTICAL),
    ],
)
def test_results_are_bit_exact_only_where_all_are_known_to_be_of_one_kind(machines, word):
    assert comparison(machines) == word
