"""The card every instrument carries: what it measures, how, and what it cannot see."""

from typing import NamedTuple


class Card(NamedTuple):
    """Printed by `mesascope instruments`, in the report beside the result, and cited by `mesascope cite`.

    Attributes:
        name: The instrument's name.
        measures: What it measures.
        estimator: How, as a formula or in words.
        assumptions: What must hold for the finding to mean what it says.
        controls: What the finding is compared with.
        blind_spots: What it cannot see.
        cost: How long it takes.
        references: Works it rests on.

    Example:
        >>> Card("steps", "How many.", "Counting.", "None.", "None.", ("Waiting.",), "none", ()).name
        'steps'
    """

    name: str
    measures: str
    estimator: str
    assumptions: str
    controls: str
    blind_spots: tuple[str, ...]
    cost: str
    references: tuple[str, ...]
