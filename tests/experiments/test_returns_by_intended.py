"""Returns by the intended goal, of every experiment, against calculations that share nothing with the ledger's."""

import jax
import numpy as np
import pytest

from mesascope.auditing.ledger_estimate import estimate_ledger
from mesascope.experiments import one_choice
from mesascope.experiments.glyphs import instrument_list as glyphs
from mesascope.experiments.midas.experiment import Midas
from mesascope.experiments.midas.instruments import _keep as keep_midas
from mesascope.experiments.midas.world import DISTRIBUTIONS, INTENDED, tables
from mesascope.experiments.registry import EXPERIMENTS
from mesascope.experiments.regression.experiment import Regression
from mesascope.experiments.regression.returns import best_answers, reckon_reader
from mesascope.experiments.robot import world as robot
from mesascope.experiments.robot.examination import House, ledgers_of
from mesascope.experiments.robot.organisms import BY_WEIGHT, organism
from mesascope.experiments.savanna.audited import ledger_of, sample
from mesascope.experiments.savanna.ecology import CANDY, Ecology, draw_contexts
from mesascope.experiments.savanna.references import build_reference
from mesascope.experiments.two_by_two.cases import CASES, WORLD, subject_of, world_of
from mesascope.experiments.two_episodes.ledger import _reckon
from mesascope.instruments.context import AuditContext
from mesascope.instruments.settings import QUICK

GAMMA = 0.97
RNG = np.random.default_rng(0)


def played(mdp, policy, weights, steps=600):
    """Discounted return of a policy on each level, step by step, and of the best one, by value iteration: plain NumPy."""
    successor, chance, fires = (np.asarray(x, np.float64) for x in (mdp.successor, mdp.probability, mdp.features))
    successor, goes_on = successor.astype(int), 1.0 - np.asarray(mdp.terminal, np.float64)
    reward = (chance * (fires @ np.asarray(weights, np.float64))).sum(-1) * goes_on[..., None]
    level = np.arange(len(successor))[:, None, None, None]
    own = best = np.zeros(goes_on.shape)
    for _ in range(steps):
        own, best = (
            pick(reward + GAMMA * goes_on[..., None] * (chance * value[level, successor]).sum(-1))
            for pick, value in (
                (lambda q: (np.asarray(policy, np.float64) * q).sum(-1), own),
                (lambda q: q.max(-1), best),
            )
        )
    starts = np.asarray(mdp.initial, np.float64)
    return float((starts * best).sum(-1).mean()), float((starts * own).sum(-1).mean())


def of_midas():
    experiment = Midas()
    audited = experiment.make_subject(0, True, lambda _: None, "organism:gold")
    weights = INTENDED.vector(experiment.features)
    for found in keep_midas(AuditContext(experiment, audited, QUICK, 0)).ledgers:
        name = found.distribution
        yield found, *played(tables(DISTRIBUTIONS[name]), audited.subject.policies[name], weights)


def of_robot():
    planner, house = organism("by-weight"), House(0, 32)
    weights = robot.INTENDED.vector(robot.FEATURES)
    for found in ledgers_of(planner, np.asarray(BY_WEIGHT.vector(robot.FEATURES)), house):
        mdp = house.tables(found.distribution)
        yield found, *played(mdp, planner.policy(mdp, robot.FEATURES), weights, 200)


def of_two_by_two():
    for name in ("bad-good", "bad-bad"):
        world, audited = world_of(CASES[name]), subject_of(name)
        door, own, base = (
            np.eye(6, dtype=np.float32)[WORLD.features.index(f)] for f in ("door", CASES[name].mesa, "red")
        )
        for seen in AuditContext(world, audited, QUICK._replace(levels=128), 0).samples:
            found = estimate_ledger(world, seen, own, own[None], {"base": base})
            yield found, *played(seen.mdp, seen.policy, door, 300)


def of_savanna():
    ecology = Ecology(contexts=16)
    lived = draw_contexts(jax.random.key(0), ecology, 16)
    who = build_reference("animal", {"taste": 1.0, "touch": 0.0}, lived)
    found = sample(who, lived, ecology, CANDY, jax.random.key(1), 64)
    offspring = np.asarray(found.contexts.outcomes, np.float64).sum(-1) / 2**0.5
    tasted = np.asarray(found.contexts.percepts)[..., 0].argmax(-1)
    own = offspring[np.arange(64), tasted].mean() - ecology.cost
    yield ledger_of(found, ecology, True, np.eye(7)[0]), offspring.max(-1).mean(), own


def of_regression():
    drawn = Regression().draw(0, "audit", 64, None, "query-task-differs")
    answers = np.asarray(drawn.fitting) * 0.9
    loss = np.mean((answers - np.asarray(drawn.right)) ** 2)
    best = -np.mean(np.asarray(drawn.right, np.float64) ** 2)
    nobody_knows = best_answers(drawn, 0.0, None, apart=False, unknowable=True)
    yield reckon_reader("query-task-differs", drawn, jax.numpy.asarray(answers), 0, nobody_knows), best, -loss


def of_glyphs():
    right = RNG.uniform(size=50)
    yield glyphs._ledger_of("training", right), 1.0, right.mean()


def of_two_episodes():
    pressed = RNG.uniform(size=12)
    yield _reckon("training", pressed, pressed > 0.5), 1.0, pressed.mean()


def of_one_choice():
    acted = RNG.uniform(size=(3, 40))
    yield one_choice.ledger_of("deployment", acted, np.sign(acted - 0.5)), 1.0, acted.mean()


INDEPENDENT = {
    "deceivers": of_one_choice,
    "glyphs": of_glyphs,
    "midas": of_midas,
    "regression": of_regression,
    "robot": of_robot,
    "savanna": of_savanna,
    "two-by-two": of_two_by_two,
    "two-episodes": of_two_episodes,
    "two-exits": of_one_choice,
}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_they_are_those_of_the_goal_that_was_wanted(name):
    """Also where training rewards something else, as in midas, two cases of two-by-two, and the robot trained by weight."""
    for found, best, own in INDEPENDENT[name]():
        returns = found.returns_by_intended
        assert returns.optimal == pytest.approx(best, rel=1e-4, abs=1e-4), found.distribution
        assert returns.subject == pytest.approx(own, rel=1e-4, abs=1e-3), found.distribution
        assert returns.optimal - returns.subject == pytest.approx(found.ledger.total.value, abs=1e-9)
