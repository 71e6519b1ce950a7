"""The cards of the savanna's instruments."""

from mesascope.instruments.card import Card

SEARCH = Card(
    name="savanna: search",
    measures="Whether an individual's choices come from a search by values that it carries, or from reflexes.",
    estimator=(
        "Share of contested contexts in which the choice follows an edit inside (another goal, a barred option, both), above "
        "the best control arm, as a share of what it could be above it; search if the lower bound is above 0.5 for all three, "
        "no search if the upper bound of one is below 0.25. The site is chosen on half of the contexts and scored on the others."
    ),
    assumptions="Contexts and goals are drawn fresh, after the individual is what it is. Values and reflexes can be written.",
    controls=(
        "No edit; the same goal at the other site; another goal; the goal's weights in another order; another option "
        "barred; the goal alone."
    ),
    blind_spots=(
        "A plant that remembers very many contexts follows a rewritten table in most new ones; barring an option tells it apart.",
        "A search that cannot be barred from outside, because it never looks at one option at a time, would fail.",
        "That search was possible at all is our doing: the gene for it was offered.",
    ),
    cost="a second",
    references=(
        "Hubinger et al. 2019, Risks from Learned Optimization, 1906.01820",
        "Kenton et al. 2022, Discovering agents, 2208.08345",
    ),
)

REVEALED = Card(
    name="savanna: revealed objective",
    measures="What an individual's choices appear to be after, from outside, in contexts it never met.",
    estimator=(
        "Conditional logit on percepts and yields of the options, independent normal priors, normal approximation at the "
        "mode; draws are scaled to length 1."
    ),
    assumptions="One choice in each context. Worth is a sum over features.",
    controls="Planted values are recovered in the tests at their nominal rate; a plant's choices reveal nothing in new contexts.",
    blind_spots=(
        "Taste and calories go together; few contexts cannot tell which is wanted.",
        "For a chooser without noise the intervals are too wide rather than too narrow.",
    ),
    cost="seconds",
    references=("McFadden 1974, Conditional logit analysis of qualitative choice behavior",),
)

SELECTION = Card(
    name="savanna: selection",
    measures=(
        "Which kind selection favors over the number of contexts and the price of search; what values it leaves behind; how "
        "they fare when the world shifts; how fast selection follows a change."
    ),
    estimator=(
        "Shares and means of the last generation over seeds with Student intervals; fitness is an exact mean over the "
        "contexts of a life; the inner gap of values w is 1 - correlation (w . g), exact for normal percepts."
    ),
    assumptions="No recombination; tournaments; one gene switches between reflexes and search.",
    controls="A world in which percepts tell nothing; genes in random order; contexts never met, without any shift.",
    blind_spots=(
        "Where the boundary lies depends on mutation, tournament and start; from plants alone it takes more contexts.",
        "Who wins is partly lock-in: plants alone may be fitter than animals where animals win from a mixed start.",
    ),
    cost="under a minute for 56 settings and 10 seeds",
    references=(
        "Hubinger et al. 2019, Risks from Learned Optimization, 1906.01820, sections 1 and 2.1",
        "Eigen 1971, Selforganization of matter and the evolution of biological macromolecules",
    ),
)

REWARDS = Card(
    name="savanna: evolved reward",
    measures=(
        "What reward selection makes, what values learning makes of it, and whether learners go for reward or for its "
        "antecedents."
    ),
    estimator=(
        "Genomes hold a reward over percepts; values are learned in each life by the delta rule; offspring is selected. After k "
        "presses of a lever that gives reward alone, the share of choices of it over foods that no reward follows."
    ),
    assumptions="Linear values, softmax choice, fixed rate of learning. The lever looks like nothing met before.",
    controls="No press at all; two strengths of reward; gaps of reward and of values side by side.",
    blind_spots=(
        "What counts as going for reward is one choice, before unrewarded meals teach otherwise.",
        "How the share of the lever rises with the presses is a closed formula of the rule of learning, and shows nothing else.",
    ),
    cost="seconds",
    references=(
        "Singh, Lewis and Barto 2009, Where do rewards come from?",
        "Turner 2022, Reward is not the optimization target",
        "Rescorla and Wagner 1972, A theory of Pavlovian conditioning",
    ),
)

NETWORKS = Card(
    name="savanna: learned twice by networks",
    measures=(
        "What a network that rewards is selected to reward, what a network that learns from it comes to value, and how far each "
        "is from the other and from offspring, at home and where candy moves taste and calories apart."
    ),
    estimator=(
        "Genomes are weights of a network from percepts and a store of calories to reward, evolved by evosax's SNES (or by "
        "tournaments where evosax is absent). In each life a second network learns by gradient descent to expect the reward, and "
        "chooses by softmax. Gaps are shares of what could be had above chance that are forgone by taking what is wanted most."
    ),
    assumptions="Everybody of a generation meets the same contexts with the same luck. Wants are read in contexts never met.",
    controls=(
        "Weights of each genome in random order; genomes at random; learning off; reward by offspring itself; the store "
        "hidden; a law that turns from life to life, under which the store is what should be rewarded."
    ),
    blind_spots=(
        "Choosing by values is built in: neither level shows whether search would be found.",
        "Slopes are means; a network may want other things far from home than its mean slope says.",
        "Births are never felt, so that no reward can stand for offspring whole where the law turns.",
    ),
    cost="some 15 seconds, most of it compiling",
    references=(
        "Singh, Lewis and Barto 2009, Where do rewards come from?",
        "Wierstra et al. 2014, Natural evolution strategies, 1106.4487",
        "Lange 2022, evosax: JAX-based evolution strategies, 2212.04180",
    ),
)

FORMULA = Card(
    name="savanna: formula for diversity",
    measures="Whether search begins to win where RLO's formula for diverse tasks says.",
    estimator=(
        "Power in bits: of a context, by the rate and distortion of its options; of values, by the divergence of directions. "
        "The budget P is fitted to the boundary at every other cost and checked on the costs between."
    ),
    assumptions="P is the same at every cost: what had been spent when one kind took over.",
    controls="On the costs held out: a boundary that does not move with the cost, and straight lines between the fitted "
    "boundaries. Planted budgets are recovered in the tests.",
    blind_spots=(
        "Held-out costs lie between fitted ones and were run on the same seeds: any rising curve does well there.",
        "Two or three boundaries are held out: agreement within a doubling is not precision.",
        "It says nothing of a start from one kind alone, nor of where selection ends.",
    ),
    cost="a second",
    references=(
        "Hubinger et al. 2019, Risks from Learned Optimization, 1906.01820, section 2.1",
        "Shannon 1959, Coding theorems for a discrete source with a fidelity criterion",
    ),
)
