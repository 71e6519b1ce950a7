"""The documentation page of a world: its card, and one level of each distribution."""

from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.worlds.card import ConfigKey, Value, WorldCard, describe
from mesascope.worlds.world import TRAINING, AbstractWorld

_KEY = ("page",)
"""Name of the stream that examples are drawn from, under seed 0."""


def world_page(world: AbstractWorld) -> str:
    """The page in Markdown; the same world always gives the same page."""
    card = describe(world)
    parts = [
        *card_parts(card),
        "## One level of each distribution",
        *filter(None, [world.legend]),
        *_examples(world, card),
    ]
    return "\n\n".join(parts) + "\n"


def card_parts(card: WorldCard) -> list[str]:
    """What the pages of worlds and of experiments share."""
    parts = [f"# {card.name}", card.summary]
    for title, text in card.sections.items():
        if title == "Version history":
            parts += ["## Shifts", _shifts(card), "## Configuration", _config(card.config)]
        parts += [f"## {title}", text]
        if title == "Intended goal and base objective":
            parts.append(
                f"Intended goal: {_weights(card.intended_goal)}. Base objective: {_weights(card.base_objective)}."
            )
    return parts


def _weights(objective: Objective) -> str:
    return ", ".join(f"`{feature}` = {weight:g}" for feature, weight in objective.weights)


def _shifts(card: WorldCard) -> str:
    rows = [f"| `{name}` | {what} |" for name, what in card.shifts.items()]
    return "\n".join(["| shift | what changes |", "|---|---|", *rows])


def _config(config: tuple[ConfigKey, ...]) -> str:
    rows = [f"| `{key.name}` | {_value(key.default)} | {key.what} |" for key in config]
    return "\n".join(["| config key | default | what it does |", "|---|---|---|", *rows])


def _value(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _examples(world: AbstractWorld, card: WorldCard) -> list[str]:
    examples = []
    for name in (TRAINING, *card.shifts):
        level = world.draw(named_key(0, *_KEY, name), 1, name)[0].text
        examples += [f"### {name}", f"```text\n{level}\n```"]
    return examples
