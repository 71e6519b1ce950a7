"""The checker of stepwise subjects finds every promise that is broken."""

import equinox as eqx
import jax.numpy as jnp
import pytest

from mesascope.conformance.check_stepwise import check_stepwise_subject
from mesascope.core.errors import SubjectError
from mesascope.core.stepwise import ALWAYS, AbstractStepwiseSubject
from mesascope.core.subject import Site


class Walker(AbstractStepwiseSubject):
    """Counts its ticks and goes up; `breaks` says which promise it breaks."""

    breaks: str = eqx.field(static=True, default="")
    ticks_per_step: int = eqx.field(static=True, default=1)
    sees_until: int = eqx.field(static=True, default=ALWAYS)

    @property
    def sites(self):
        return (Site("count", 2, "ticks"),)

    def blank(self, observation):
        zeros = jnp.zeros((*observation.shape[:3], 2))
        if self.breaks == "looks at once":
            return {"count": zeros + observation[:, :1, :1, :1]}
        return {"other" if self.breaks == "name" else "count": zeros[..., :1] if self.breaks == "width" else zeros}

    def step(self, state, view, tick):
        if self.breaks == "name":
            return state
        return {"count": state["count"] + view.here + (jnp.nan if self.breaks == "nan" else 0.0)}

    def readout(self, state):
        total = state["count"].sum((1, 2, 3))
        total = total.sum() + 0 * total if self.breaks == "company" else total
        if self.breaks == "company":
            total = total + state["count"][:1, 0, 0, 0]
        return total[:, None] * jnp.eye(4)[0][: 3 if self.breaks == "actions" else 4]


def test_an_honest_walker_passes(observation):
    check_stepwise_subject(Walker(), observation)


@pytest.mark.parametrize(
    ("walker", "message"),
    [
        (Walker("looks at once"), "blank depends on what is observed"),
        (Walker("name"), "gives the sites"),
        (Walker("width"), "expected a map"),
        (Walker("nan"), "not finite"),
        (Walker("company"), "depend on the other actors"),
        (Walker("actions"), r"expected \(5, 4\)"),
        (Walker(ticks_per_step=0), "at least one tick"),
        (Walker(sees_until=0), "sees the level in the first"),
    ],
)
def test_a_broken_promise_is_named(walker, message, observation):
    with pytest.raises(SubjectError, match=message):
        check_stepwise_subject(walker, observation)


def test_one_level_is_too_few(observation):
    with pytest.raises(SubjectError, match="at least two levels"):
        check_stepwise_subject(Walker(), observation[:1])
