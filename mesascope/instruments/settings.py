"""How much of everything an audit looks at."""

from typing import NamedTuple


class Settings(NamedTuple):
    """Sizes of an audit. `QUICK` trades width of intervals for time; no instrument is left out. `describe`
    adds those that describe and decide nothing, `adversary` the search for the worst level.
    """

    levels: int = 1000
    contested: int = 1536
    per_test: int = 256
    implants: int = 512
    evidence: int = 280
    directed: int = 200
    thought: int = 256
    certified: int = 262_144
    describe: bool = False
    adversary: bool = False
    quick: bool = False


FULL = Settings()
STAGED_LEVELS = 500
"""At most so many levels of a distribution, unless asked for more, where each is answered once for every stage."""

QUICK = Settings(
    levels=300, contested=1024, per_test=192, implants=256, evidence=210, directed=100, thought=128, quick=True
)
