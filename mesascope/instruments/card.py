"""The card every instrument carries: what it measures, how, and what it cannot see."""

from typing import NamedTuple


class Card(NamedTuple):
    """Printed by `mesascope instruments`, in the report beside the result, and cited by `mesascope cite`."""

    name: str
    measures: str
    estimator: str
    assumptions: str
    controls: str
    blind_spots: tuple[str, ...]
    cost: str
    references: tuple[str, ...]
