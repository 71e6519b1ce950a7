"""Which files of tests go first."""

LONGEST = (
    "tests/base_optimizers/test_training.py",
    "tests/cli/test_audit.py",
    "tests/golden/test_golden.py",
    "tests/experiments/test_two_exits_trained.py",
    "tests/instruments/search/test_battery.py",
    "tests/cli/test_interrupts.py",
    "tests/instruments/closed_loop/test_battery.py",
    "tests/cli/test_tune.py",
    "tests/cli/test_recurrent.py",
    "tests/examples/test_plugin.py",
    "tests/experiments/test_two_episodes.py",
    "tests/instruments/test_behavioral_objective.py",
    "tests/instruments/describe/test_interchange.py",
    "tests/experiments/test_robot.py",
    "tests/calibration/test_emergence.py",
    "tests/auditing/test_recurrent.py",
    "tests/auditing/test_other_worlds.py",
    "tests/worlds/test_keys_and_chests_partial.py",
    "tests/adapters/test_torch_findings.py",
    "tests/docs/test_notebooks.py",
)
"""Files of half a minute and more, the longest first. Where one worker takes whole files (`--dist loadfile`), one of these that
came last would leave the other worker with nothing to do; `--no-loadscope-reorder` keeps them first."""
