"""Any JAX callable as a subject."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.jax_functions import jax_steps, jax_subject
from mesascope.conformance.check_subject import check_subject
from mesascope.core.editing import Edit, run
from mesascope.core.errors import SubjectError
from mesascope.learned.thinking import ThinkingNet


def test_a_function_is_a_closed_subject(net, observation):
    subject = jax_subject(net.logits)
    check_subject(subject, observation)
    np.testing.assert_allclose(subject.logits(observation), net.logits(observation), atol=1e-6)


def test_params_go_first(observation):
    subject = jax_subject(lambda params, seen: seen @ params["w"], {"w": jnp.arange(28.0).reshape(7, 4)})
    check_subject(subject, observation)
    np.testing.assert_array_equal(subject.logits(observation), observation @ jnp.arange(28.0).reshape(7, 4))


def test_steps_are_an_open_subject_that_can_be_edited(net, observation):
    subject = jax_steps(
        start=lambda net, *shape: {"state": jnp.zeros((*shape, net.channels))},
        think=lambda net, state, seen, tick: net.think(state, seen, tick),
        act=ThinkingNet.act,
        sites=net.sites,
        ticks=net.ticks,
        reads_until=net.reads_until,
        params=net,
    )
    check_subject(subject, observation)
    edit = Edit("state", jnp.ones(observation.shape[:3], bool), jnp.ones((*observation.shape[:3], 5)), 2, 2)
    for ours, theirs in zip(run(net, observation, (edit,))[::2], run(subject, observation, (edit,))[::2], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_what_it_promises_is_checked(net, observation):
    functions = {"start": lambda *shape: {"h": jnp.zeros((*shape, 5))}, "act": net.act, "think": net.think}
    with pytest.raises(SubjectError, match="expected ticks"):
        jax_steps(**functions, sites=net.sites, ticks=2, reads_until=3)
    other = jax_steps(
        start=functions["start"],
        think=lambda state, seen, tick: state,
        act=lambda state: state["h"][..., :4],
        sites=net.sites,
        ticks=2,
        reads_until=2,
    )
    with pytest.raises(SubjectError, match="start gives sites"):
        check_subject(other, observation)
