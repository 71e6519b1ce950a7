"""The rehearsal of an audit beside a training: what it compiles is what the audit needs, and it ends when told."""

import jax
import jax.numpy as jnp
import pytest

from mesascope.core.subject import AbstractPolicy
from mesascope.instruments.behavioral_objective import infer_behavioral_objective
from mesascope.instruments.evaluation_levels import audit_key, contested, distributions
from mesascope.instruments.sample import draw_sample
from mesascope.instruments.search.trials import draw_trials
from mesascope.instruments.settings import Settings
from mesascope.jobs import warmup
from mesascope.jobs.warmup import warm_up
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from mesascope.worlds.grids.red_doors import RedDoors

TINY = Settings(levels=20, contested=24, per_test=6, evidence=21)


class GoesUp(AbstractPolicy):
    """Not what is rehearsed with."""

    def logits(self, observation):
        return jnp.zeros((*observation.shape[:3], 4)).at[..., 0].set(5.0)


@pytest.fixture
def compiled():
    """Names of what is compiled, or read from where compiled programs are kept."""
    names = []

    def listen(event, seconds, **about):
        if event == "/jax/core/compile/backend_compile_duration":
            names.append(about.get("fun_name"))

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield names
    jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.slow
@pytest.mark.long
def test_what_an_audit_needs_whatever_its_subject_is_compiled_by_then(compiled):
    world, seed = RedDoors(size=8), 3  # a size of its own: nothing else has compiled for it
    warm_up(world, TINY, seed, lambda: False)
    rehearsed = set(compiled)
    compiled.clear()
    samples = [draw_sample(world, GoesUp(), audit_key(seed, d), TINY.levels, d) for d in distributions(world)]
    infer_behavioral_objective(world, samples, audit_key(seed, "objective"), levels=TINY.evidence)
    weights = jnp.asarray(world.intended_goal.vector(world.features)).at[-1].set(0.3)
    draw_trials(world, audit_key(seed, "search"), contested(world, TINY, seed), TINY.per_test, weights)
    large = {name for name in rehearsed if any(part in str(name) for part in ("draw_trials", "tables"))}
    assert len(large) == 2, rehearsed
    assert not large & set(compiled)


def test_it_ends_when_told_and_leaves_worlds_of_stages_alone(monkeypatch):
    drawn = []
    monkeypatch.setattr(warmup, "_stand_in", lambda *given: drawn.append(given[3]))
    warm_up(RedDoors(), TINY, 0, lambda: len(drawn) == 2)
    assert drawn == ["training", "blue-door"]
    warm_up(KeysAndChests(), TINY, 0, lambda: False)
    assert len(drawn) == 2
