"""The packages of the extra `tuning`, imported where a tuning begins."""

from importlib.util import find_spec

from mesascope.core.errors import UsageError

PACKAGES = ("optuna", "cmaes")


def check_installed() -> None:
    """`UsageError` that says what to install, where a package of the extra is missing."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise UsageError(
            f'tuning needs {" and ".join(missing)}, which is not installed: pip install "mesascope[tuning]"'
        )
