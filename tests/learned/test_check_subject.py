"""The check of a recurrent subject finds every promise that is broken."""

import equinox as eqx
import jax.numpy as jnp
import pytest

from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError
from mesascope.core.subject import ALWAYS, AbstractSubject, Site


class Counter(AbstractSubject):
    """Counts its ticks and goes up; `breaks` says which promise it breaks."""

    breaks: str = eqx.field(static=True, default="")
    ticks: int = eqx.field(static=True, default=1)
    reads_until: int = eqx.field(static=True, default=1)
    sees_until: int = eqx.field(static=True, default=ALWAYS)

    support: str = eqx.field(static=True, default="map")
    recurrent: bool = eqx.field(static=True, default=True)
    view: str = eqx.field(static=True, default="full")

    @property
    def sites(self):
        names = ("count",) * (2 if self.breaks == "twice" else 1)
        return tuple(Site(name, 2, "ticks", self.support) for name in names)

    def start(self, observation):
        zeros = jnp.zeros((*observation.shape[:3], 2))
        if self.breaks == "looks at once":
            return {"count": zeros + observation[:, :1, :1, :1]}
        return {"other" if self.breaks == "name" else "count": zeros[..., :1] if self.breaks == "width" else zeros}

    def think(self, state, view, tick):
        if self.breaks == "name":
            return state
        return {"count": state["count"] + view.here + (jnp.nan if self.breaks == "nan" else 0.0)}

    def act(self, state):
        total = state["count"].sum((1, 2, 3))
        total = total.sum() + 0 * total if self.breaks == "company" else total
        if self.breaks == "company":
            total = total + state["count"][:1, 0, 0, 0]
        return total[:, None] * jnp.eye(4)[0][: 3 if self.breaks == "actions" else 4]


def test_an_honest_subject_passes(observation):
    check_subject(Counter(), observation)


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (Counter("looks at once"), "start depends on what is observed"),
        (Counter("name"), "start gives sites .*`sites` promises"),
        (Counter("width"), r"start gives sites .*5, 1\).*5, 2\)"),
        (Counter("nan"), "the state is not finite"),
        (Counter("company"), "depend on the other actors"),
        (Counter("actions"), r"expected \(5, 4\)"),
        (Counter("twice"), "different names"),
        (Counter(support="vector"), r"promises .*\(5, 1, 1, 2\)"),
        (Counter(support="vector", recurrent=False, view="map"), "is a vector"),
        (Counter(ticks=0), "expected ticks from 1"),
        (Counter(sees_until=0), "sees_until from 1"),
        (Counter(view="map"), "expected view 'full'"),
        (Counter(recurrent=False), "expected view 'map'"),
    ],
)
def test_a_broken_promise_is_named(subject, message, observation):
    with pytest.raises(SubjectError, match=message):
        check_subject(subject, observation)


def test_one_level_is_too_few(observation):
    with pytest.raises(SubjectError, match="at least two levels"):
        check_subject(Counter(), observation[:1])
