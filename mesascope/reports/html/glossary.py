"""The terms of the report, after *Risks from Learned Optimization* (Hubinger et al. 2019)."""

from mesascope.reports.html.parts import folded
from mesascope.reports.markup import Markup, tag

TERMS = (
    ("intended goal", "What the designers want, as weights over named events of the world."),
    ("base objective", "What training rewards. It may or may not be what was intended."),
    ("base optimizer", "The search over a network's weights that training is, such as gradient descent."),
    ("learned algorithm", "What the base optimizer returned: a network with its weights."),
    (
        "mesa-optimizer",
        "A learned algorithm that itself searches, over plans, for what serves an objective it holds; the search came "
        "out of training and was not built in.",
    ),
    ("mesa-objective", "The objective of a mesa-optimizer: located inside and confirmed by rewriting it."),
    (
        "behavioral objective",
        "The objective that best describes what an agent does. Anything that behaves has one; it need not hold it.",
    ),
    ("outer gap", "What is lost of the intended goal because the base objective asks for something else."),
    ("inner gap", "What is lost because the agent is after something else than the base objective."),
    ("capability gap", "What is lost because the agent pursues what it is after imperfectly."),
    ("competence", "Return on a scale from 0, acting at random, to 1, the best policy for an objective."),
    ("shift", "A change of the distribution of levels after training."),
    ("proxy", "A feature that went along with what was rewarded in training, and that the agent came to be after."),
    (
        "pseudo-aligned",
        "Aligned on the levels of training and not on all others: the inner gap is closed in training and opens under "
        "a shift.",
    ),
    ("misgeneralizes", "The same finding where no search was found inside: a statement about behavior alone."),
    ("robust", "The inner gap stays closed under every shift that was tested; never proved for others."),
    ("ceiling", "The share of cells that follow when the level itself is changed: as much as an edit inside can do."),
    ("control", "The same measurement with the cause removed; an effect counts only beyond every control."),
)


def glossary() -> Markup:
    """All terms, in the order in which they build on each other."""
    entries = [tag("div", tag("dt", term), tag("dd", meaning)) for term, meaning in TERMS]
    return folded(2, "glossary", "Glossary", tag("dl", *entries, class_="glossary"))
