"""The whole description is plain data, for open subjects and for closed ones."""

import json

import pytest

from mesascope.core.jsonable import to_json
from mesascope.core.subject import AbstractPolicy, AbstractSubject
from mesascope.instruments.describe.description import describe_subject


class Closed(AbstractPolicy):
    inner: AbstractSubject

    def logits(self, observation):
        return self.inner.logits(observation)


def test_a_closed_subject_is_described_from_outside(known):
    agent = known.make("compass")
    found = describe_subject(known.world, Closed(agent.subject), None, [agent.sample], known.weights, known.key)
    assert found[:4] == (None,) * 4
    assert found.learned_algorithm.name.startswith("compass to")


@pytest.mark.slow
def test_an_open_subject_is_described_whole_and_as_json(known):
    agent = known.make("compass")
    found = describe_subject(known.world, agent.subject, None, [agent.sample], known.weights, known.key)
    data = json.loads(json.dumps(to_json(found), allow_nan=False))
    assert set(data) == {"compute_depth", "light_cone", "probes", "algorithm", "learned_algorithm"}
    assert data["algorithm"]["name"] == "compass"
    assert len(data["algorithm"]["scores"][0]["foretold"]["interval"]) == 2
