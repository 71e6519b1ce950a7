"""What draws a plan when it exists inside alone, and weights that contradict it."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.search.pulls import Pull, backed_features, looks_of, read_pulls, without_pull
from mesascope.instruments.search.trials import contested_levels
from mesascope.instruments.search.verdict import SearchVerdict, Verdict, unless_it_pulls
from mesascope.organisms.decoded_observation import decode
from mesascope.organisms.planner import Planner
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=7)
KINDS = ("red door", "blue door", "yellow door", "red ball", "blue ball", "green ball")
LOOKS = {kind: tuple(kind.split()) for kind in KINDS}
PLACE = Place(("walls", "reward", "value"), 2, 1, False)


def pull(kind, share, control=0.3):
    lead = share - control
    return Pull(kind, *(Estimate(v, Interval(v - 0.05, v + 0.05)) for v in (share, control, lead)))


def pulls(*wanted):
    return [pull(kind, 0.95 if kind in wanted else 0.3) for kind in KINDS]


EITHER = pulls("red door", "blue door", "yellow door", "red ball")


@pytest.mark.parametrize(
    ("found", "backed"),
    [
        (pulls("red door", "blue door", "yellow door"), {"door"}),
        (pulls("red door", "red ball"), {"red"}),
        (EITHER, {"door", "red"}),
        (pulls(), set()),
        (pulls("blue door"), set()),
        ([pull("red door", 0.95), pull("blue ball", 0.3)], {"red", "door"}),
    ],
)
def test_features_are_backed_whose_kinds_all_pull_and_no_other_feature_explains_it(found, backed):
    assert backed_features(found, LOOKS) == backed


def draws(**weights):
    rng = np.random.default_rng(0)
    return {
        f: weights.get(f, 0.0) + 0.02 * rng.standard_normal(200) for f in ("door", "red", "blue", "green", "yellow")
    }


def test_weights_that_contradict_what_pulls_are_named_kind_by_kind():
    assert without_pull(draws(door=1.0), pulls("red door", "blue door", "yellow door"), LOOKS) == ()
    assert without_pull(draws(door=1.0, red=0.9), EITHER, LOOKS) == ()
    (absurd,) = without_pull(draws(door=0.5, red=1.0, blue=0.5, yellow=0.5), EITHER, LOOKS)
    assert absurd.startswith("blue ball is worth 0.4")
    assert absurd.endswith("and does not pull (blue ball 0.30, control 0.30)")
    assert len(without_pull(draws(door=1.0), pulls(), LOOKS)) == 3, "no door pulls"
    (left_out,) = without_pull(draws(door=1.0), EITHER, LOOKS)
    assert left_out.startswith("red ball pulls (red ball 0.95, control 0.30) and is worth -0.0")


def test_nothing_is_said_to_search_for_what_does_not_pull():
    found = SearchVerdict(Verdict.SEARCH, "plans follow edits", ())
    assert unless_it_pulls(found, [pull("red door", 0.9), pull("blue door", 0.3)]) is found
    for weak in ([pull("red door", 0.3)], [pull("red door", 0.44)], [pull("red door", 0.9, control=0.9)], []):
        changed = unless_it_pulls(found, weak)
        assert changed.verdict is Verdict.CANNOT_TELL
        assert "does not draw the plan when it exists inside alone" in changed.reason


class Either(Planner):
    """Wants a door or something red, whichever is nearer: both at once are worth no more than one."""

    def read(self, state, observation, tick):
        features = (observation[..., 1:] > 0).astype(jnp.float32)
        wanted = features[..., [WORLD.features.index("door"), WORLD.features.index("red")]].max(-1)
        decoded = decode(observation, self.weights)
        now = tick < self.reads_until
        return {
            "walls": jnp.where(now, decoded.walls[..., None], state["walls"]),
            "reward": jnp.where(now, jnp.stack([wanted, decoded.objects], -1), state["reward"]),
        }


@pytest.mark.long
def test_the_pull_of_a_kind_is_held_against_a_blind_walk_and_the_plan_without_it():
    levels = contested_levels(WORLD, named_key(5, "contested"), 48)
    kinds = [WORLD.counterfactuals.kinds.index(kind) for kind in KINDS]
    found = read_pulls(WORLD, Either(jnp.zeros(6), WORLD.discount, ticks=30), levels, kinds, PLACE)
    assert {p.kind for p in found if p.pulls} == {"red door", "blue door", "yellow door", "red ball"}
    for p in found:
        assert p.share.value > 0.95 if p.pulls else p.share.value == pytest.approx(p.control.value, abs=0.1)
        assert p.lead.value == pytest.approx(p.share.value - p.control.value, abs=1e-6)
    assert backed_features(found, looks_of(WORLD)) == {"door", "red"}
