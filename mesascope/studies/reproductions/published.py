"""What was published, in words of our own: numbers, what they are numbers of, and what is claimed."""

from pathlib import Path
from typing import Literal, NamedTuple

from mesascope.core.errors import unknown

HERE = Path(__file__).parent


class Reading(NamedTuple):
    """A readout of one condition of our study. With `less`, how much larger the readout is than another of the same agents."""

    condition: str
    readout: str
    less: str | None = None


class Row(NamedTuple):
    """A published number beside ours.

    Args:
        what: what both are numbers of.
        published: theirs; None where only a statement was published.
        setting: what theirs was measured on.
        ours: what is read of our study.
    """

    what: str
    published: float | None
    setting: str
    ours: Reading


class Claim(NamedTuple):
    """A statement of the form "this is larger than that", tested over our seeds.

    Args:
        text: the statement.
        more: what is said to be larger.
        than: what it is said to be larger than; None: zero.
        fewest: least number of competent seeds with which it is decided.
        whose: who states it: the source, or we, once a published statement had been tested.
    """

    text: str
    more: Reading
    than: Reading | None = None
    fewest: int = 3
    whose: Literal["published", "ours"] = "published"


class Reproduction(NamedTuple):
    """A published result, our study of the same question, and why the numbers are not the same.

    Args:
        name: what `mesascope reproduce` calls it; the study is the file of that name beside this one.
        question: what both ask.
        source: where theirs is published.
        theirs: how theirs was measured.
        ours: how ours is measured.
        rows: numbers side by side.
        claims: statements tested on ours.
        because: reasons for which the numbers differ.
    """

    name: str
    question: str
    source: str
    theirs: str
    ours: str
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...]
    because: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The study."""
        return HERE / f"{self.name}.toml"


_ANYWHERE, _FIRST, _CORNER = "cheese-anywhere/share", "cheese-anywhere/cheese", "cheese-anywhere/corner"
_BEST = 0.882  # what an optimal agent gets with the cheese anywhere, in jaxgmg's mazes
_SMALL, _MIDDLE, _ALL = "corner size 1", "corner size 3", "corner size 5"

CORNER_SIZES = Reproduction(
    name="corner-sizes",
    question="Trained with the cheese in a corner of some size: does the agent find a cheese that lies anywhere?",
    source="jaxgmg, plots/gmg-corner-13/data, last row of each file",
    theirs="mazes of 13x13, PPO with an IMPALA network with an LSTM, 20 million steps, one run for each corner size",
    ours="mazes of 7x7, a convolutional network of 16 channels and 12 ticks, exact policy gradient, 600 updates of 16 levels",
    rows=tuple(
        row
        for condition, cells, returned, proxy in (
            (_SMALL, 1, 0.130, 0.463),
            (_MIDDLE, 5, 0.461, 0.019),
            (_ALL, 11, 0.691, 0.027),
        )
        for row in (
            Row(
                "share of the optimal return, cheese anywhere",
                round(returned / _BEST, 3),
                f"corner size {cells} of 11",
                Reading(condition, _ANYWHERE),
            ),
            Row(
                "the proxy, cheese anywhere (theirs: mean return; ours: share of episodes that end in the corner)",
                proxy,
                f"corner size {cells} of 11",
                Reading(condition, _CORNER),
            ),
        )
    ),
    claims=(
        Claim(
            "with the smallest corner the agent goes to the corner more often than to a cheese that lies elsewhere",
            Reading(_SMALL, _CORNER, less=_FIRST),
        ),
        Claim(
            "a larger corner lets it find the cheese: the largest against the smallest",
            Reading(_ALL, _ANYWHERE),
            Reading(_SMALL, _ANYWHERE),
        ),
        Claim("the middle one against the smallest", Reading(_MIDDLE, _ANYWHERE), Reading(_SMALL, _ANYWHERE)),
        Claim(
            "the proxy is left: the smallest corner against the largest",
            Reading(_SMALL, _CORNER),
            Reading(_ALL, _CORNER),
        ),
    ),
    because=(
        "Here the corner ends an episode; there an agent may pass through it and go on.",
        "A corner of 1 in 5 rows is a larger part of a maze than one of 1 in 11.",
        "Theirs learned from sampled steps, ours from the exact gradient over all starts.",
        "Theirs is one run for each size: how far seeds differ there is not known.",
    ),
)

COINS = Reproduction(
    name="coins",
    question="How many training levels with the coin at a random place does it take to learn the coin and not the end?",
    source="Langosco et al. 2022, arXiv 2105.14111, section on CoinRun; its repository holds the protocol and no values",
    theirs="CoinRun, PPO, 0, 1, 2, 5 or 10 % of levels with the coin at a random place",
    ours="the world coin in 5 rows and 7 columns, the same network and training as for corner-sizes, alpha 0, .02 and .1",
    rows=(
        Row(
            "share of the optimal return, coin elsewhere",
            None,
            "no value is stored",
            Reading("alpha 0.0", "coin-elsewhere/share"),
        ),
        Row(
            "share of the optimal return, coin elsewhere",
            None,
            "no value is stored",
            Reading("alpha 0.02", "coin-elsewhere/share"),
        ),
        Row(
            "share of the optimal return, coin elsewhere",
            None,
            "no value is stored",
            Reading("alpha 0.1", "coin-elsewhere/share"),
        ),
    ),
    claims=(
        Claim(
            "trained with the coin at the end, the agent passes a coin that lies elsewhere and goes to the end",
            Reading("alpha 0.0", "coin-elsewhere/end", less="coin-elsewhere/coin"),
        ),
        Claim(
            "a coin elsewhere in 2 % of levels already helps",
            Reading("alpha 0.02", "coin-elsewhere/share"),
            Reading("alpha 0.0", "coin-elsewhere/share"),
        ),
    ),
    because=(
        "A course of CoinRun is long and its coin is one picture among many; here a level has some twenty cells.",
        "Two in a hundred levels are 192 levels here and many thousands there: the number may count and not the share.",
    ),
)

COLOR_OR_SHAPE = Reproduction(
    name="color-or-shape",
    question="Where color and shape name the same object in training: which does an agent go for when they come apart?",
    source="arXiv 2312.03762 and LessWrong G5WjQZL5MqHftsh7D",
    theirs="Procgen mazes trained with a yellow line, tested with a yellow gem and a red line; about 1 seed in 500 is an outlier",
    ours="red-doors in mazes of 5x5, a convolutional network of 8 channels and 6 ticks, exact policy gradient, 300 updates of 16 "
    "levels; color channels shown as strongly as shapes (salience 1), twice and four times as strongly",
    rows=tuple(
        Row(what, published, setting, Reading(f"salience {salience}", readout))
        for salience in (1, 2, 4)
        for what, published, setting, readout in (
            ("color first, of all episodes", 0.81, "one example agent", "blue-door/red"),
            ("shape first, of all episodes", None, "no value is given", "blue-door/door"),
        )
    ),
    claims=(
        Claim(
            "agents go for the color more often than for the shape (salience 1)",
            Reading("salience 1", "blue-door/red", less="blue-door/door"),
        ),
        Claim("the same, salience 4", Reading("salience 4", "blue-door/red", less="blue-door/door"), whose="ours"),
        Claim(
            "what is shown more strongly is gone for: color first at salience 4 against 1",
            Reading("salience 4", "blue-door/red"),
            Reading("salience 1", "blue-door/red"),
            whose="ours",
        ),
    ),
    because=(
        "Theirs are pictures of 64x64 pixels, in which a color fills many and a shape few; here both are channels of one size.",
        "Theirs has two objects; here a second ball takes part of the first choices.",
        "Salience 2 and 4 are ours: added after salience 1 had contradicted the published statement, they do not bear on it.",
    ),
)

REGRET = Reproduction(
    name="regret",
    question="Does training on the levels of largest regret find the cheese where training on levels as they are drawn does not?",
    source="Abdel Sadek et al. 2025, arXiv 2507.03068; scripts only, no values are stored",
    theirs="mazes of 15x15, 750 million steps, 3 seeds, cheese elsewhere in about 1 % of levels",
    ours="mazes of 7x7, the same network as for corner-sizes, alpha .01, prioritized level replay against levels as drawn",
    rows=(
        Row(
            "share of the optimal return, cheese anywhere, levels as drawn",
            None,
            "no value is stored",
            Reading("as drawn", _ANYWHERE),
        ),
        Row(
            "share of the optimal return, cheese anywhere, by regret",
            None,
            "no value is stored",
            Reading("by regret", _ANYWHERE),
        ),
    ),
    claims=(
        Claim(
            "training by regret is the better one with the cheese anywhere",
            Reading("by regret", _ANYWHERE),
            Reading("as drawn", _ANYWHERE),
        ),
    ),
    because=(
        "Regret is exact here and estimated there.",
        "600 updates of 16 levels hold some 96 levels with the cheese elsewhere; theirs hold many thousands.",
    ),
)

REPRODUCTIONS = {each.name: each for each in (CORNER_SIZES, COINS, COLOR_OR_SHAPE, REGRET)}


def reproduction(name: str) -> Reproduction:
    """A reproduction by name.

    Args:
        name: one of those that `mesascope reproduce` lists.

    Returns:
        It.

    Raises:
        UsageError: there is none of that name.

    Example:
        >>> reproduction("corner-sizes").rows[0].published
        0.147
    """
    if name not in REPRODUCTIONS:
        raise unknown("reproduction", name, REPRODUCTIONS)
    return REPRODUCTIONS[name]
