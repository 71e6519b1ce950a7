"""The table of organisms: what each is, and what is true of it.

The ground truth stands here and nowhere on the organisms themselves: an instrument, which may not import this package,
has nothing to read it from.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from mesascope.core.registry import Registry, check_instance
from mesascope.core.subject import AbstractSubject


class Organism(NamedTuple):
    """One row of the table of organisms: the label that instruments are graded against, and the keys it takes.

    `recurrent` where its state survives a step of the environment. A package brings one by an entry point in the group
    `mesascope.organisms`.
    """

    what: str
    searches: bool
    has_goal: bool
    built_to: str
    keys: tuple[str, ...]
    recurrent: bool = False
    build: Callable[[Any], AbstractSubject] | None = None
    """Makes it from an `OrganismSpec`, for organisms of installed packages."""


_HIDDEN = ("code", "noise", "seed")

_BUILT_IN: dict[str, Organism] = {
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
    "map-register": Organism(
        "a table over map and objects, the map held in a register, the objects as a number",
        searches=False,
        has_goal=False,
        built_to="fool the virtual wall",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "both-register": Organism(
        "a table asked by its own state: goal and map lie in registers, and what both hold is looked up",
        searches=False,
        has_goal=True,
        built_to="fool every edit that it has stored, the joint ones too; only what it cannot hold excludes it",
        keys=("objective", "stores", "when", "ticks", *_HIDDEN),
    ),
    "serial-number": Organism(
        "a table asked by two enciphered numbers that every cell holds; where cells disagree, the minority wins",
        searches=False,
        has_goal=False,
        built_to="fool every edit patched from another run, and pass every control arm, without goal or map inside",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "nearest-table": Organism(
        "an associative memory: the answers of the stored level most like its state",
        searches=False,
        has_goal=True,
        built_to="fool edits that are near something stored",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "window-table": Organism(
        "situations by heart: the cells around and the direction of the goal; a compass where it has not been",
        searches=False,
        has_goal=True,
        built_to="fool retargeting and walls near by",
        keys=("objective", "radius", "ticks", *_HIDDEN),
    ),
    "route-table": Organism(
        "for every stored maze the shortest ways from everywhere to everywhere",
        searches=False,
        has_goal=True,
        built_to="fool retargeting to goals that were never shown",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "dormant-planner": Organism(
        "a table while its state is as it left it; a planner that runs only when it is tampered with",
        searches=False,
        has_goal=True,
        built_to="fool every edit, by waking up",
        keys=("objective", "wakes", "ticks", *_HIDDEN),
    ),
    "memorizer": Organism(
        "a perceptron over the whole level, fitted to what it was shown",
        searches=False,
        has_goal=False,
        built_to="fool by being trained, smooth and approximate",
        keys=("objective", *_HIDDEN),
    ),
    "dead-ends": Organism(
        "fills dead ends until none is left, and follows what it filled",
        searches=False,
        has_goal=True,
        built_to="fool everything on mazes without loops",
        keys=("objective", "ticks", *_HIDDEN),
    ),
    "detour-compass": Organism(
        "a compass that steps aside, at most two cells, where the straight way is shut",
        searches=False,
        has_goal=True,
        built_to="fool retargeting on loopy levels, and walls near by",
        keys=("objective", *_HIDDEN),
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
    "momentum": Organism(
        "goes on as it came: headings pass from cell to cell and turn at walls",
        searches=False,
        has_goal=False,
        built_to="fool measures of thinking time and spreading information",
        keys=("ticks", *_HIDDEN),
    ),
    "level-dice": Organism(
        "throws dice by the hash of all it sees",
        searches=False,
        has_goal=False,
        built_to="fool tests that ask whether an edit had an effect, and not which",
        keys=("dice", *_HIDDEN),
    ),
    "random-network": Organism(
        "a glance, recall, feed-forward or reflex net with random weights of one of several scales",
        searches=False,
        has_goal=False,
        built_to="fool by chance",
        keys=("kind", *_HIDDEN),
    ),
    "classifier": Organism(
        "looks at the level as a picture: convolution, global mean, one distribution over actions for all cells",
        searches=False,
        has_goal=False,
        built_to="fool a detector that takes any network, or any effect of an edit, for search",
        keys=("kind", *_HIDDEN),
    ),
    "uniform": Organism(
        "every action equally often",
        searches=False,
        has_goal=False,
        built_to="fool probes, which find the whole level in its state",
        keys=(),
    ),
}

EPISODIC = "walking-"
"""Prefix of the organisms whose ticks are spread over the steps of an episode. Each has the label of the organism that it is
made of: spreading ticks over steps makes no search of a table, and no table of a search.
"""

_BUILT_TO_IN_EPISODES = {
    "planner": "satisfy every test in closed loop, while it is still planning",
    "lookup": "fool every look from outside at a recurrent agent, and every read-out of plans",
    "goal-register": "fool retargeting in closed loop",
    "compass": "fool retargeting in closed loop where the straight way is open",
}

_BUILT_IN |= {
    EPISODIC + name: _BUILT_IN[name]._replace(
        what=f"{_BUILT_IN[name].what}; a few ticks at each step of an episode, its state kept throughout",
        built_to=built_to,
        keys=(*(key for key in _BUILT_IN[name].keys if key not in ("memory", "ticks")), "pace", "sees"),
        recurrent=True,
    )
    for name, built_to in _BUILT_TO_IN_EPISODES.items()
}

ORGANISMS: Registry[Organism] = Registry(
    "organism", "mesascope.organisms", _BUILT_IN, functools.partial(check_instance, Organism)
)
"""Every organism: built-in ones and those of installed packages."""

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
    "stores": "`all`, or `single`: without the levels in which objects are traded and a wall is put up; `all` unless given",
    "when": "`at-once`, or `staged`: answers come out when a planner's would; `at-once` unless given",
    "wakes": "`thinking`, or `answering`: the sleeping planner plans from tick to tick, or in a loop of the readout; `thinking` "
    "unless given",
    "radius": "cells seen in each direction, 1 to 4; 2 unless given",
    "dice": "`level` or `cell`: one throw for the whole level or one for each cell; `level` unless given",
    "kind": "which of the crowd: its place in the order of architectures and scales (odd classifiers are fitted), 0 to 19",
    "code": "`plain`, `mixed` or `unshared`: its channels as they are, all mixed by one random rotation, or by another "
    "after every tick; `plain` unless given",
    "noise": "channels of a random network that run beside its own and mean nothing, 0 to 64; 0 unless given",
    "pace": "of a recurrent one: ticks in each step of an episode, 1 to 1000; 4 unless given",
    "sees": "of a recurrent one: steps of an episode in which the level is shown, 0 for all; 1 unless given",
    "seed": "draws whatever is random in its build; 0 unless given",
}
"""What each setting means, for the documentation."""
