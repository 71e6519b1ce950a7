"""Where a tuning keeps its trials: Optuna's journal file, or its SQLite file. Neither holds code.

The journal is a text file that processes append to in turn; it is the default. Trials come back as they were after any
interruption, but for those that were under way.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from mesascope.core.errors import StorageError, said, unknown
from mesascope.store.fs import make_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import optuna

STORAGES = {"journal": "trials.log", "sqlite": "trials.sqlite3"}
"""Kinds of storage, and the file of each."""
NAME = "mesascope"
FINGERPRINT = "fingerprint"


def open_study(folder: Path, storage: str, directions: "Sequence[str]", fingerprint: str) -> "optuna.Study":
    """The study of a folder, made where there is none.

    Raises `UsageError` for an unknown kind of storage (naming the nearest), `StorageError` for a file that is of another
    tuning or cannot be read or written.
    """
    import optuna

    if storage not in STORAGES:
        raise unknown("storage", storage, STORAGES)
    make_folder(folder)
    path = folder / STORAGES[storage]
    for kind, name in STORAGES.items():
        if kind != storage and (folder / name).exists():
            raise StorageError(
                f"{folder / name} holds trials already: add --storage {kind}, or name another folder with --out"
            )
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(
            storage=_opened(path, storage),
            study_name=NAME,
            directions=[optuna.study.StudyDirection[name.upper()] for name in directions],
            load_if_exists=True,
        )
        theirs = study.user_attrs.get(FINGERPRINT)
        if theirs is None:
            study.set_user_attr(FINGERPRINT, fingerprint)
            theirs = fingerprint
    except Exception as error:
        raise StorageError(
            f"{path}: expected the trials of a tuning, found {said(error)[:200]}; name another folder with --out, or remove "
            "this file to start over"
        ) from error
    if theirs != fingerprint:
        raise StorageError(
            f"{path} holds another tuning (world, base optimizer, search, objectives or versions differ): name another folder "
            "with --out, or remove this one"
        )
    return study


def close_study(study: "optuna.Study") -> None:
    """Let go of the storage's connections."""
    storage = study._storage
    engine = getattr(getattr(storage, "_backend", storage), "engine", None)
    storage.remove_session()
    if engine is not None:
        engine.dispose()


def _opened(path: Path, storage: str) -> "optuna.storages.BaseStorage":
    import optuna
    from optuna.storages.journal import JournalFileBackend

    if storage == "sqlite":
        from sqlalchemy.pool import NullPool

        # No connection outlives its use: one to a file that is no database could not be closed by anybody.
        how = {"connect_args": {"timeout": 60}, "poolclass": NullPool}
        return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs=how)
    return optuna.storages.JournalStorage(JournalFileBackend(str(path)))
