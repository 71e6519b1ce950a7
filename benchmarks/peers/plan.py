"""What is measured: for every question the packages that can answer it, with what they are asked."""

from collections.abc import Sequence
from typing import NamedTuple

TARGET = 0.95
"""Share of the optimal return that trainings race to."""


class Question(NamedTuple):
    """One table of the page. `values` are what a worker measures, each with its column; `better` is 'more' or 'less'."""

    job: str
    title: str
    says: str
    values: dict[str, str]
    better: str


class Case(NamedTuple):
    """One row: who is asked, what the row is called, and what the worker is told. `ours` marks Mesascope's rows."""

    job: str
    who: str
    name: str
    options: dict

    @property
    def ours(self) -> bool:
        """Whether this is Mesascope itself."""
        return self.who == "mesascope"


QUESTIONS = (
    Question(
        "steps",
        "Random policy",
        "Environment steps a second of a uniform policy in one compiled scan, ended episodes being reset inside; the first "
        "reset is not timed. *Observed*: the observation of every step of every copy is written to memory. *Unobserved*: "
        "rewards alone come back, and the compiler may leave out what is not needed for them. Observations differ in kind and "
        "size, as the notes say: Mesascope's is a byte for each cell with a bit for each channel, *unpacked* a boolean for "
        "each cell and channel as jaxgmg's; navix sees 3 numbers of each cell, xminigrid 7x7 cells around the agent. "
        "minigrid is NumPy and always "
        "observes; craftax runs without its auto-reset, which makes a world for every step of every copy.",
        {"observed": "steps a second, observed", "unobserved": "unobserved"},
        "more",
    ),
    Question(
        "levels",
        "Level generation",
        "Levels a second of one compiled batch. jaxgmg and jumanji make mazes; navix and xminigrid place things in a fixed "
        "set of rooms. gymnax and craftax are not asked: gymnax's rooms are fixed, craftax has worlds and no mazes.",
        {"levels": "levels a second"},
        "more",
    ),
    Question(
        "solving",
        "Exact solving",
        "Levels a second, from a drawn level to its optimal values, in batches of each solver's own size. Mesascope gives "
        "the values of all states and actions of one objective. jaxgmg gives the value of the start, from "
        "distances between all pairs of cells. No other peer has a solver.",
        {"levels": "levels a second"},
        "more",
    ),
    Question(
        "ppo",
        "PPO, end to end",
        "Environment steps a second of whole updates of 8,192 steps (256 actors, 32 steps), 3 passes, 4 minibatches, "
        "compilation left out: everybody on a task of their own and with networks of their own, whose sizes differ. "
        "xminigrid, gymnax, jumanji, craftax and minigrid install no trainer.",
        {"steps": "steps a second"},
        "more",
    ),
    Question(
        "training",
        f"Training to {TARGET} of the optimal return",
        "Everybody trains on the same level distribution (red-doors, 9x9) and is judged on the same 256 probe levels by the "
        "exact return of the sampled policy over the optimal return. Peers see Mesascope's mazes through an environment of "
        "their own interface that steps by table look-up, with a layer that marks the agent. They train with their own PPO "
        "and networks; the update's shape is that of Mesascope's PPO, their learning rate is 0.001 instead of their "
        "defaults, with which they learned less. Mesascope draws fresh levels inside the measured time; peers are given a "
        "pool of 16,384 for nothing. Judging and compiling are not counted. The networks differ: Mesascope's plans over the "
        "grid, the peers' do not. So this compares whole packages as they come, not the optimizers alone.",
        {"cpu": "CPU-seconds", "seconds": "seconds", "steps": "steps", "best": "greatest share seen"},
        "less",
    ),
)

_UPDATE = {"actors": 256, "length": 32, "epochs": 3, "minibatches": 4, "learning_rate": 1e-3}
_PEER_RACE = {**_UPDATE, "chunk": 5}


def cases(cap: float, quick: bool) -> list[Case]:
    """Every row. `quick` leaves out the sizes and rooms that only widen the picture."""
    walk, few = {"copies": 1024, "steps": 64}, {"copies": 128, "steps": 8}
    sizes = (9, 13) if quick else (9, 13, 25)
    found = [Case("steps", "mesascope", f"mesascope, red-doors {n}x{n}", {**walk, "size": n}) for n in sizes]
    found += [
        Case("steps", "mesascope", "mesascope, red-doors 13x13, unpacked", {**walk, "size": 13, "unpacked": True})
    ]
    found += [Case("steps", "jaxgmg", f"jaxgmg, corner {n}x{n}", {**walk, "size": n}) for n in sizes]
    navix = ("Empty-8x8",) if quick else ("Empty-8x8", "FourRooms")
    found += [Case("steps", "navix", f"navix, {n}", {**walk, "name": f"Navix-{n}-v0"}) for n in navix]
    rooms = ("Empty-8x8",) if quick else ("Empty-8x8", "FourRooms")
    found += [Case("steps", "xminigrid", f"xminigrid, {n}", {**walk, "name": f"MiniGrid-{n}"}) for n in rooms]
    found += [Case("steps", "gymnax", "gymnax, FourRooms", {**walk, "name": "FourRooms-misc"})]
    if not quick:
        found += [Case("steps", "jumanji", "jumanji, Maze 13x13", {**walk, "size": 13})]
        found += [Case("steps", "craftax", "craftax, Classic", {**few, "name": "Craftax-Classic-Symbolic-v1"})]
    mini = {"copies": 64, "steps": 16}
    found += [Case("steps", "minigrid", f"minigrid, {n}", {**mini, "name": f"MiniGrid-{n}-v0"}) for n in navix]
    found += [Case("levels", "mesascope", f"mesascope, red-doors {n}x{n}", {"batch": 2_000, "size": n}) for n in sizes]
    found += [Case("levels", "jaxgmg", f"jaxgmg, tree mazes {n}x{n}", {"batch": 2_000, "size": n}) for n in sizes]
    found += [Case("levels", "jumanji", "jumanji, Maze 13x13", {"batch": 256, "size": 13})]
    if not quick:
        found += [Case("levels", "navix", "navix, FourRooms", {"batch": 256, "name": "Navix-FourRooms-v0"})]
        found += [Case("levels", "xminigrid", "xminigrid, FourRooms", {"batch": 256, "name": "MiniGrid-FourRooms"})]
    found += [Case("solving", "mesascope", f"mesascope, red-doors {n}x{n}", {"batch": 4_000, "size": n}) for n in sizes]
    batch = {9: 256, 13: 64, 25: 4}
    found += [Case("solving", "jaxgmg", f"jaxgmg, corner {n}x{n}", {"batch": batch[n], "size": n}) for n in sizes]
    found += [
        Case("ppo", "mesascope", f"mesascope, red-doors 9x9, {net}", {"size": 9, "network": net})
        for net in (("glance",) if quick else ("glance", "reflex"))
    ]
    found += [
        Case("ppo", "jaxgmg", "jaxgmg, corner 9x9, MLP", {**_UPDATE, "size": 9, "network": "relu"}),
        Case("ppo", "navix", "navix, DoorKey-8x8, MLP", {**_UPDATE, "name": "Navix-DoorKey-8x8-v0", "network": "mlp"}),
    ]
    race = {"target": TARGET, "cap": cap, "size": 9, "network": "glance"}
    peers = {**_PEER_RACE, "target": TARGET, "cap": cap}
    found += [
        Case(
            "training",
            "mesascope",
            "mesascope, exact policy gradient",
            {**race, "optimizer": "exact-policy-gradient", "chunk": 10},
        ),
        Case("training", "mesascope", "mesascope, PPO", {**race, "optimizer": "ppo", "chunk": 5}),
        Case("training", "jaxgmg", "jaxgmg, PPO, MLP", {**peers, "network": "relu"}),
        Case("training", "navix", "navix, PPO, MLP", {**peers, "network": "mlp", "gamma": 0.99}),
    ]
    return found


def wanted(found: Sequence[Case], only: Sequence[str]) -> list[Case]:
    """The cases of the packages in `only`, all of them where it is empty."""
    return [case for case in found if not only or case.who in only]
