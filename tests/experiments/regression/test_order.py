"""First order or second, on readers that are one or the other."""

import equinox as eqx
import jax.numpy as jnp
import pytest

from mesascope.core.rng import named_key
from mesascope.experiments.regression.contexts import draw, halves
from mesascope.experiments.regression.instruments.family import (
    MORE,
    MORE_NEWTON,
    descent_weights,
    descents,
    family,
    newton_weights,
    newtons,
)
from mesascope.experiments.regression.instruments.match import match
from mesascope.experiments.regression.instruments.order import FREE, LAYERED, compare_orders
from mesascope.experiments.regression.reader import AbstractReader, tokens_of
from mesascope.experiments.regression.report_parts import part_of_order


class Iterating(AbstractReader):
    """Answers as an algorithm does; its layers are pretended."""

    newton: bool = eqx.field(static=True)
    steps: int = eqx.field(static=True)

    @property
    def layers(self):
        return 2

    def begin(self, contexts):
        return tokens_of(contexts)

    def step(self, state, layer):
        return state

    def answer(self, state):
        raise NotImplementedError

    def __call__(self, contexts):
        weights = (
            newton_weights(contexts, 0.9, self.steps) if self.newton else descent_weights(contexts, 1.9, self.steps)
        )
        return (weights * contexts.query).sum(-1)


@pytest.fixture(scope="module")
def found():
    fit, scored = halves(draw(named_key(1), 400))
    known = [a for a in family(None, 3) if a.name in ("Newton, 3 steps", "gradient descent, 2 steps", "ridge")]
    known += [*descents(MORE), *newtons(MORE_NEWTON)]
    orders = {}
    for kind, newton, steps in (("Newton", True, 3), ("long descent", False, 16)):
        reader = Iterating(newton, steps)
        orders[kind] = compare_orders(reader, match(reader, known, fit, scored), scored)
    return orders


def test_each_order_is_told(found):
    assert found["Newton"].newton == "Newton, 3 steps"
    assert found["Newton"].distance.value < 1e-4
    assert found["Newton"].rivals[FREE].lead.interval.low > 0
    assert found["Newton"].said.startswith("Newton's iteration beats gradient descent")
    rival = found["long descent"].rivals[FREE]
    assert rival.algorithm == "gradient descent, 16 steps"
    assert rival.distance.value < 1e-4
    assert rival.lead.interval.high < 0
    assert "does not beat gradient descent in the match, gradient descent is nearer" in found["long descent"].said
    # Held to a step a layer it would not be recognized: that is why descent may take more.
    assert found["long descent"].rivals[LAYERED].distance.value > 0.1


def test_how_far_both_could_differ(found):
    order = found["Newton"]
    assert order.apart.value == pytest.approx(order.rivals[FREE].distance.value, rel=0.05)
    assert order.said in part_of_order(order).text


def test_where_both_answer_alike_neither_beats(found):
    level = found["Newton"].rivals[FREE]
    even = level._replace(lead=level.lead._replace(interval=type(level.lead.interval)(-1.0, 1.0)))
    order = found["Newton"]._replace(rivals={FREE: even})
    assert "does not beat gradient descent in the match, neither is nearer" in order.said
    assert jnp.isfinite(order.apart.value)
