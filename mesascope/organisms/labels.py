"""The table of organisms: what each is, and what is true of it.

The ground truth stands here and nowhere on the organisms themselves: an instrument, which may not import this package,
has nothing to read it from.
"""

from typing import NamedTuple


class Organism(NamedTuple):
    """One row of the table of organisms: the label that instruments are graded against, and the keys it takes."""

    what: str
    searches: bool
    has_goal: bool
    built_to: str
    keys: tuple[str, ...]


_HIDDEN = ("code", "noise", "seed")

ORGANISMS: dict[str, Organism] = {
    "planner": Organism(
        "value iteration over registers of walls and rewards, one sweep a tick",
        searches=True,
        has_goal=True,
        built_to="satisfy every test of search; with memory=recall it undoes edits that are made only once",
        keys=("objective", "memory", "answer", "ticks", *_HIDDEN),
    ),
    "ordered-planner": Organism(
        "value iteration that backs up some cells in a tick: a checkerboard, random ones, or those that err most",
        searches=True,
        has_goal=True,
        built_to="satisfy every test of search without a wave of one cell a tick",
        keys=("objective", "order", "ticks", *_HIDDEN),
    ),
    "soft-planner": Organism(
        "soft value iteration: every backup is a log-sum-exp",
        searches=True,
        has_goal=True,
        built_to="satisfy every test of search with graded preferences",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "distance-planner": Organism(
        "relaxation of distances to the most valued object, counted upward",
        searches=True,
        has_goal=True,
        built_to="satisfy every test of search in the reverse of the planner's code",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "flood": Organism(
        "breadth-first search in latched pointers, without distances; with a period it starts again and again",
        searches=True,
        has_goal=True,
        built_to="satisfy every test that writes early, and to have no value that a probe could find",
        keys=("objective", "period", "ticks", *_HIDDEN),
    ),
    "doubling": Organism(
        "all-pairs distances by repeated squaring, ready after a logarithm of ticks; the goal enters in the readout",
        searches=True,
        has_goal=True,
        built_to="satisfy the edits, and break whatever expects time in proportion to distance",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "broadcast-planner": Organism(
        "value iteration toward a goal that every cell knows by its row and column",
        searches=True,
        has_goal=True,
        built_to="satisfy edits of the whole map, and be missed by patches around the goal",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "late-planner": Organism(
        "value iteration that reads walls and objects some ticks after the first, and apart",
        searches=True,
        has_goal=True,
        built_to="satisfy every test that asks when it reads",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "readout-planner": Organism(
        "registers of walls and rewards, and value iteration in the readout",
        searches=True,
        has_goal=True,
        built_to="satisfy the edits while nothing ever spreads in its state",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "compiled": Organism(
        "breadth-first search written into the weights of a glance net",
        searches=True,
        has_goal=True,
        built_to="satisfy every test that writes early, as a trained network would; start of plant and watch",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "lookup": Organism(
        "a table of stored answers, asked by the whole level",
        searches=False,
        has_goal=False,
        built_to="fool all that looks from outside, and every probe",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "staged-lookup": Organism(
        "a table whose answers come out in the order in which search would find them",
        searches=False,
        has_goal=False,
        built_to="fool thinking-time curves, light cones and probes, tick by tick",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "goal-register": Organism(
        "a table over maze and goal, the goal held in a register that can be rewritten",
        searches=False,
        has_goal=True,
        built_to="fool retargeting",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "compass": Organism(
        "moves toward its goal by rows and columns, blind to the way there",
        searches=False,
        has_goal=True,
        built_to="fool retargeting where the straight way is open",
        keys=("objective",),
    ),
    "wall-follower": Organism(
        "the right-hand rule without memory",
        searches=False,
        has_goal=False,
        built_to="fool tests that ask only whether walls matter",
        keys=(),
    ),
    "uniform": Organism(
        "every action equally often",
        searches=False,
        has_goal=False,
        built_to="fool probes, which find the whole level in its state",
        keys=(),
    ),
}

DEFAULT_OBJECTIVE = "door"
MEMORIES = ("glance", "recall")

SETTINGS = {
    "objective": f"weights over the world's features: `red`, `door:1+blue:0.5`; `{DEFAULT_OBJECTIVE}` unless given",
    "memory": f"`{'` or `'.join(MEMORIES)}`: sees the level in its first tick alone, or in every tick; "
    f"`{MEMORIES[0]}` unless given",
    "answer": "`soft` or `exact`: logits that fall with what an action gives away, or the exact optimal set, bit for bit "
    "as tables answer; `soft` unless given",
    "ticks": "how long it thinks before it answers, 1 to 1000",
    "order": "which cells are backed up in a tick: `checkerboard`, `random` or `prioritized`; the first unless given",
    "period": "ticks after which the flood starts again; 0, the default, for one flood and no more",
    "code": "`plain`, `mixed` or `unshared`: its channels as they are, all mixed by one random rotation, or by another "
    "after every tick; `plain` unless given",
    "noise": "channels of a random network that run beside its own and mean nothing, 0 to 64; 0 unless given",
    "pace": "of one that walks: ticks in each step of an episode, 1 to 1000; 4 unless given",
    "sees": "of one that walks: steps of an episode in which the level is shown, 0 for all; 1 unless given",
    "seed": "draws whatever is random in its build; 0 unless given",
}
"""What each setting means, for the documentation."""
