"""The card of weight patching, which is done by the audit, because it trains."""

from mesascope.instruments.card import Card

CARD = Card(
    name="weight patching",
    measures="How few weights carry the objective of a learned algorithm, where it is not found in the state.",
    estimator=(
        "A copy is trained further on another objective by the exact policy gradient. The weights that moved most are copied "
        "into the original, a growing share of them, and competence at the old and the new objective is measured on fresh "
        "training levels. `share` is the least at which the lower bound of competence at the new objective exceeds 0.8."
    ),
    assumptions="The subject is a learned algorithm whose weights can be trained; the other objective can be served.",
    controls=(
        "As many weights of the retrained copy, chosen at random; and as many of the most moved, moved by as much in random "
        "directions. The copy itself (share 1) is the ceiling."
    ),
    blind_spots=(
        "Says where an objective can be changed from, and not that it is represented there.",
        "A small share also suffices where a few weights gate what a reflex goes to.",
        "Depends on how the copy was trained.",
    ),
    cost="500 updates and some twenty runs on 256 levels",
    references=("Bush 2025, Can we change the goals of a toy RL agent?",),
)
