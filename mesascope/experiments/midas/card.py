"""The cards of what `midas` measures."""

from mesascope.instruments.card import Card

GOODHART = Card(
    name="Goodhart curve",
    measures="What happens to the intended goal as the base objective is optimized harder.",
    estimator="Exact returns, by both objectives, of the soft-optimal policy of the base objective at 34 inverse "
    "temperatures from 0 to 100, and of a table after every update of its training by the exact natural policy "
    "gradient.",
    assumptions="The level is a finite decision problem whose tables are known.",
    controls="Levels on which the base objective costs nothing of the intended goal: there the curve must not fall.",
    blind_spots=(
        "One path of optimization: other optimizers pass through other policies on the way to the same end.",
        "Where the curve turns depends on the scale of the rewards, since inverse temperature does.",
    ),
    cost="a few seconds",
    references=(
        "Hubinger et al. 2019, Risks from learned optimization, section 1.2, arXiv 1906.01820",
        "Skalse et al. 2022, Defining and characterizing reward hacking, arXiv 2209.13085",
        "Ziebart 2010, Modeling purposeful adaptive behavior with the principle of maximum causal entropy (thesis)",
        "Agarwal et al. 2021, On the theory of policy gradient methods, lemma 5.1, arXiv 1908.00261",
    ),
)

OUTER = Card(
    name="outer alignment",
    measures="Whether a base objective is outer aligned, by the definition of 2019 and by that of 2020.",
    estimator="Least and greatest loss of the intended goal over all policies that are optimal for the base "
    "objective, exact, on training levels (2019) and on all levels of the world (2020). Closed below 0.05 of what "
    "can be had. By the first an objective is aligned, not aligned, or it depends on which optimal policy one gets; "
    "by the second one bad optimal policy is enough for a no.",
    assumptions="The levels of all distributions together stand for infinite data.",
    controls="The intended goal as base objective must come out aligned by both, whatever it is trained on.",
    blind_spots=(
        "A reading: the texts define in words, and the definition of 2019 does not say on which data the gap is to "
        "be taken.",
        "It speaks of objectives. What training really finds may be none of the optimal policies.",
    ),
    cost="a few seconds",
    references=(
        "Hubinger et al. 2019, Risks from learned optimization, section 1.2, arXiv 1906.01820",
        "Hubinger 2020, An overview of 11 proposals for building safe advanced AI, arXiv 2012.07532",
    ),
)

CARDS = (GOODHART, OUTER)
