"""The tuner's loop on a problem that costs nothing: choosing, giving up, stopping, going on."""

import threading

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import StorageError, UsageError
from mesascope.meta_optimizers.cma_es import distributions_of
from mesascope.meta_optimizers.null import random_null
from mesascope.meta_optimizers.samplers import check_names, make_sampler
from mesascope.meta_optimizers.space import Dimension
from mesascope.meta_optimizers.trials import (
    Search,
    TrialResult,
    drop_unfinished,
    enqueue_default,
    front,
    incumbents,
    results_of,
    run_trials,
)
from mesascope.store.tuning_study import close_study, open_study
from tests.meta_optimizers.analytic import evaluate, height, problem, two

optuna.logging.set_verbosity(optuna.logging.WARNING)


def tuned(sampler, trials, pruner="none", seed=0, study=None, **how):
    study = study or optuna.create_study(directions=["maximize"])
    run_trials(study, problem(), Search(sampler, pruner, seed, trials), how.pop("evaluate", evaluate), **how)
    return results_of(study)


def best(results):
    return max(r.values[0] for r in results)


def bare(results):
    return [r._replace(seconds=0.0, number=0) for r in results]


def test_the_first_trial_is_the_default_and_every_value_is_the_evaluations():
    results = tuned("random", 12)
    defaults = problem().config
    assert results[0].config == {"learning_rate": defaults["learning_rate"], "floor": defaults["floor"]}
    assert all(r.values[0] == height(r.config) for r in results)
    assert len(results) == 12


@pytest.mark.parametrize("sampler", ["tpe", "cma-es"])
def test_a_sampler_that_learns_beats_chance(sampler):
    """Over three seeds, by the best of 40 trials; chance is the null."""
    by_chance = [best(tuned("random", 40, seed=seed)) for seed in range(3)]
    learned = [best(tuned(sampler, 40, seed=seed)) for seed in range(3)]
    assert sorted(learned)[1] > sorted(by_chance)[1]
    assert sorted(learned)[1] > 0.99


def test_the_null_draws_at_random_apart_from_the_tuner_and_without_the_default():
    search = Search("tpe", "none", 0, 25)
    null, chance, learned = random_null(problem(), search, evaluate), tuned("random", 25), tuned("tpe", 25)
    defaults = {key: problem().config[key] for key in chance[0].config}
    drawn = {tuple(r.config.values()) for r in (*chance, *learned)}
    assert null.trials == len(null.best_so_far) == 25
    assert list(null.best_so_far) == sorted(null.best_so_far)
    assert null.best.values[0] == null.best_so_far[-1] == height(null.best.config)
    assert null.best.config != defaults
    assert tuple(null.best.config.values()) not in drawn
    assert bare([random_null(problem(), search, evaluate).best]) == bare([null.best])


@pytest.mark.parametrize(
    "space",
    [
        (Dimension("floor", 0.0, 0.5),),
        (Dimension("clip", 0.05, 20.0, log=True),),
        (Dimension("warmup", 0, 200, whole=True),),
        (Dimension("floor", 0.0, 0.5), Dimension("trace", 0.8, 1.0)),
    ],
    ids=["one number", "on a logarithmic scale", "a whole number", "two numbers"],
)
@pytest.mark.parametrize("better", ["more", "less"])
def test_cma_es_goes_where_it_is_better(space, better):
    """With one dimension as with several; where it were random the last trials would lie about the middle."""
    study = optuna.create_study(direction="maximize" if better == "more" else "minimize")
    first = space[0]
    for number in range(48):
        study.sampler = make_sampler("cma-es", space, 0, number, 0)
        trial = study.ask(distributions_of(space))
        study.tell(trial, first.share_of(trial.params[first.name]))
    shares = [first.share_of(t.params[first.name]) for t in study.trials[-12:]]
    assert (min(shares) > 0.75) if better == "more" else (max(shares) < 0.25)


@pytest.mark.parametrize("sampler", ["tpe", "cma-es", "random"])
def test_a_tuning_cut_off_chooses_the_trials_it_would_have_had(tmp_path, sampler):
    whole = tuned(sampler, 25, "median")
    lost = 0
    for cut in (3, 7, 14):
        study = open_study(tmp_path, "journal", ["maximize"], "mine")
        lost += drop_unfinished(study)
        calls = []

        def stop(calls=calls, cut=cut):
            calls.append(1)
            if len(calls) > 3 * cut:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            tuned(sampler, 25, "median", study=study, rest=stop)
        close_study(study)
    study = open_study(tmp_path, "journal", ["maximize"], "mine")
    assert lost + drop_unfinished(study) >= 1
    again = tuned(sampler, 25, "median", study=study)
    assert bare(again) == bare(whole)
    assert bare(tuned(sampler, 25, "median", study=study)) == bare(again)  # nothing is left to do


def test_a_tuning_stopped_before_its_first_trial_goes_on(tmp_path):
    study = open_study(tmp_path, "journal", ["maximize"], "mine")
    enqueue_default(study, problem())
    close_study(study)
    study = open_study(tmp_path, "journal", ["maximize"], "mine")
    assert drop_unfinished(study) == 0
    results = tuned("random", 3, study=study)
    assert bare(results) == bare(tuned("random", 3))
    close_study(study)


def test_the_two_storages_hold_the_same(tmp_path):
    found = []
    for kind in ("journal", "sqlite"):
        study = open_study(tmp_path / kind, kind, ["maximize"], "mine")
        tuned("tpe", 4, "median", study=study)
        close_study(study)
        study = open_study(tmp_path / kind, kind, ["maximize"], "mine")
        found.append(bare(results_of(study)))
        close_study(study)
    assert found[0] == found[1]
    assert len(found[0]) == 4


def test_another_tuning_is_refused(tmp_path):
    close_study(open_study(tmp_path, "journal", ["maximize"], "mine"))
    with pytest.raises(StorageError, match="holds another tuning"):
        open_study(tmp_path, "journal", ["maximize"], "theirs")
    with pytest.raises(StorageError, match="add --storage journal"):
        open_study(tmp_path, "sqlite", ["maximize"], "mine")
    with pytest.raises(UsageError, match="did you mean 'journal'"):
        open_study(tmp_path, "journl", ["maximize"], "mine")


@pytest.mark.parametrize("kind", ["journal", "sqlite"])
def test_a_damaged_storage_is_said_to_be_one(tmp_path, kind):
    name = {"journal": "trials.log", "sqlite": "trials.sqlite3"}[kind]
    (tmp_path / name).write_bytes(b"not trials\n" * 100)
    with pytest.raises(StorageError, match="expected the trials of a tuning"):
        open_study(tmp_path, kind, ["maximize"], "mine")


def test_poor_trials_are_given_up_and_the_best_is_not():
    results = tuned("random", 40, "median")
    early = [r for r in results if r.pruned]
    assert 5 <= len(early) < 35
    assert all(len(r.curve) < 4 and r.values[0] == r.curve[-1][1] for r in early)
    without = tuned("random", 40, "none")
    assert [r.config for r in results] == [r.config for r in without]
    assert best(r for r in results if not r.pruned) == best(without)
    assert not any(r.pruned for r in without)


def test_workers_that_share_a_storage_choose_apart(tmp_path):
    close_study(open_study(tmp_path, "journal", ["maximize"], "mine"))

    def work(worker):
        study = open_study(tmp_path, "journal", ["maximize"], "mine")
        tuned("random", 12, study=study, worker=worker)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = results_of(open_study(tmp_path, "journal", ["maximize"], "mine"))
    assert 12 <= len(results) <= 14  # each of the others may begin one too many
    assert len({r.config["learning_rate"] for r in results}) == len(results)


def test_trials_of_others_under_way_count():
    study = optuna.create_study(directions=["maximize"])
    study.ask()
    assert len(tuned("random", 3, study=study)) == 2


def test_the_default_is_tried_though_another_process_was_first():
    study = optuna.create_study(directions=["maximize"])
    tuned("random", 2, study=study, worker=1)
    defaults = {name: problem().config[name] for name in ("learning_rate", "floor")}
    assert defaults not in [r.config for r in results_of(study)]
    tuned("random", 3, study=study)
    assert [r.config for r in results_of(study)].count(defaults) == 1
    tuned("random", 5, study=study)
    assert [r.config for r in results_of(study)].count(defaults) == 1
    assert len(tuned("random", 1)) == 1  # which is the default


def test_two_objectives_give_a_front_and_give_nothing_up():
    study = optuna.create_study(directions=["maximize", "minimize"])
    both = ("return", "inner-gap")
    run_trials(study, problem(both), Search("tpe", "median", 0, 30), two)
    results = results_of(study)
    assert not any(r.pruned for r in results)
    found = front(results, both)
    assert 2 <= len(found) < 30
    returns, gaps = zip(*(r.values for r in found), strict=True)
    assert list(returns) == sorted(returns, reverse=True)
    assert list(gaps) == sorted(gaps, reverse=True)


POINTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


@settings(max_examples=30)
@given(POINTS)
def test_the_front_is_what_no_other_beats(points):
    results = [TrialResult(i, False, {}, (float(a), float(b)), (), 0.0) for i, (a, b) in enumerate(points)]
    found = {r.values for r in front(results, ("return", "inner-gap"))}
    slow = {(a, b) for a, b in points if not any((c >= a and d <= b) and (c > a or d < b) for c, d in points)}
    assert found == slow
    assert len(front(results, ("return", "inner-gap"))) == len(slow)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_incumbents_rise_to_the_best(values):
    results = [TrialResult(i, False, {}, (v,), (), 0.0) for i, v in enumerate(values)]
    found = [r.values[0] for r in incumbents(results)]
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == (values[0], max(values))


@pytest.mark.parametrize(
    ("sampler", "pruner", "objectives", "says"),
    [
        ("tpee", "median", ("return",), "did you mean 'tpe'"),
        ("tpe", "medan", ("return",), "did you mean 'median'"),
        ("cma-es", "none", ("return", "inner-gap"), "use --sampler tpe or random"),
    ],
)
def test_bad_names_are_refused(sampler, pruner, objectives, says):
    with pytest.raises(UsageError, match=says):
        check_names(sampler, pruner, objectives)
