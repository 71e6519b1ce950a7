"""Sokoban by walking text, one state after another in dicts: slow, and shares nothing with the tables."""

from collections import deque
from typing import NamedTuple

STEPS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
SIGNS = ("box", "red-box", "blue-box", "red-target", "blue-target")


class Level(NamedTuple):
    walls: frozenset
    targets: dict
    player: tuple
    boxes: frozenset
    size: tuple


def read(text):
    lines = text.splitlines()
    notes = dict(line.split(": ") for line in lines if ": " in line)
    board = [line for line in lines if ": " not in line]
    at = {(r, c): ch for r, line in enumerate(board) for c, ch in enumerate(line)}

    def colored(letters, note):
        places = sorted(p for p, ch in at.items() if ch in letters)
        hues = notes.get(note, " ".join(["plain"] * len(places))).split()
        return dict(zip(places, hues, strict=True))

    walls = frozenset(p for p, ch in at.items() if ch == "#")
    player = next(p for p, ch in at.items() if ch in "@+")
    boxes = frozenset(colored("$*", "Boxes").items())
    return Level(walls, colored(".*+", "Targets"), player, boxes, (len(board), len(board[0])))


def counts(level, boxes):
    on = [(hue, level.targets[p]) for p, hue in boxes if p in level.targets]
    return [
        len(on),
        *(sum(box == hue for box, _ in on) for hue in ("red", "blue")),
        *(sum(target == hue for _, target in on) for hue in ("red", "blue")),
    ]


def over(level, boxes):
    return all(p in level.targets for p, _ in boxes)


def play(level, state, step):
    """The state after a step, and what fired."""
    player, boxes = state
    if over(level, boxes):
        return state, [0] * 5
    there = (player[0] + step[0], player[1] + step[1])
    beyond = (there[0] + step[0], there[1] + step[1])
    where = dict(boxes)
    if there in level.walls or (there in where and (beyond in level.walls or beyond in where)):
        return state, [0] * 5
    if there in where:
        where[beyond] = where.pop(there)
    after = frozenset(where.items())
    return (there, after), [b - a for a, b in zip(counts(level, boxes), counts(level, after), strict=True)]


def explore(level):
    """Every state that can be reached, with what each action does in it."""
    begin = (level.player, level.boxes)
    found, todo = {}, deque([begin])
    while todo:
        state = todo.popleft()
        if state in found:
            continue
        found[state] = [play(level, state, step) for step in STEPS.values()]
        todo.extend(after for after, _ in found[state])
    return found


def values(level, found, feature, discount):
    """Best return from each state for a feature of which there is at most 1: it pays to get it, once, as soon as possible."""
    index = SIGNS.index(feature)
    before, distance, todo = {}, {}, deque()
    for state, row in found.items():
        for after, fired in row:
            before.setdefault(after, []).append(state)
            if fired[index] > 0 and state not in distance:
                distance[state] = 1
                todo.append(state)
    while todo:
        state = todo.popleft()
        for earlier in before.get(state, []):
            if earlier not in distance and not counts(level, earlier[1])[index]:
                distance[earlier] = distance[state] + 1
                todo.append(earlier)
    return {state: discount ** (distance[state] - 1) if state in distance else 0.0 for state in found}
