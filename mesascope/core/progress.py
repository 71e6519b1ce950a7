"""How work tells how far it is: it names what begins, and counts where there is something to count. It reads no clock."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Stage(Protocol):
    """Hears which stage of the work begins, and how much of it is done."""

    def __call__(self, name: str, done: int = 0, of: int = 0, /) -> None:
        """Hear of a stage.

        Args:
            name: What is being done. The same name again is the same stage.
            done: Parts that are done.
            of: Parts in all, as far as is known by now; 0 where nothing is counted.
        """


def silent(name: str, done: int = 0, of: int = 0, /) -> None:
    """Drop what is told.

    Args:
        name: What is being done.
        done: Parts that are done.
        of: Parts in all.

    Example:
        >>> silent("levels", 1, 3)
    """
