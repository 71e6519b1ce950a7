"""The tables of a level the slow way: one walk over its text for each cell and action."""

import numpy as np

STEPS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
FEATURES = ("door", "ball", "red", "blue", "green", "yellow")
MEANING = {
    "R": ("door", "red"),
    "B": ("door", "blue"),
    "G": ("door", "green"),
    "Y": ("door", "yellow"),
    "r": ("ball", "red"),
    "b": ("ball", "blue"),
    "g": ("ball", "green"),
    "y": ("ball", "yellow"),
}


def tables(text, features_of=FEATURES, meaning=MEANING):
    """Successor, features, terminal and initial of one level; `meaning` says what entering each letter's cell fires."""
    lines = text.splitlines()
    height, width = len(lines) - 2, len(lines[0]) - 2
    glyph = [lines[1 + row][1 + column] for row in range(height) for column in range(width)]
    states = height * width
    successor = np.zeros((states, 4), int)
    features = np.zeros((states, 4, len(features_of)))
    for state in range(states):
        row, column = 1 + state // width, 1 + state % width
        for action, (down, right) in enumerate(STEPS.values()):
            met = lines[row + down][column + right]
            if met == "#":
                successor[state, action] = state
                continue
            successor[state, action] = (row + down - 1) * width + column + right - 1
            for name in meaning.get(met, ()):
                features[state, action, features_of.index(name)] = 1
    terminal = np.array([g in meaning for g in glyph])
    starts = [s for s in range(states) if glyph[s] == "." and touches_something(s, successor, terminal)]
    initial = np.zeros(states)
    initial[starts] = 1 / max(len(starts), 1)
    return successor, features, terminal, initial


def touches_something(start, successor, terminal):
    """Whether some walk from `start` ends at an object."""
    seen, todo = {start}, [start]
    while todo:
        state = todo.pop()
        if terminal[state]:
            return True
        for after in successor[state]:
            if after not in seen:
                seen.add(int(after))
                todo.append(int(after))
    return False


def flood(walls):
    """How many free cells can be reached from the first one by walking."""
    free = {tuple(int(i) for i in cell) for cell in np.argwhere(~walls)}
    todo = [min(free)]
    seen = set(todo)
    while todo:
        row, column = todo.pop()
        for down, right in STEPS.values():
            cell = (row + down, column + right)
            if cell in free and cell not in seen:
                seen.add(cell)
                todo.append(cell)
    return len(seen)


def observation(text, salience=1.0):
    """What a subject sees: wall, door, ball, red, blue, green, yellow."""
    lines = [line[1:-1] for line in text.splitlines()[1:-1]]
    seen = np.zeros((len(lines), len(lines[0]), 1 + len(FEATURES)))
    for row, line in enumerate(lines):
        for column, glyph in enumerate(line):
            seen[row, column, 0] = glyph == "#"
            for name in MEANING.get(glyph, ()):
                seen[row, column, 1 + FEATURES.index(name)] = 1.0 if name in ("door", "ball") else salience
    return seen


def kruskal(weights, openings, opened, rooms_across):
    """Walls of one square maze: walls between rooms fall from the least weight up where they part two groups of rooms, and
    where `opened` is less than `openings`. Walls between columns come first, row by row, then those between rows.
    """
    count = rooms_across
    pairs = [((r, c), (r, c + 1)) for r in range(count) for c in range(count - 1)]
    pairs += [((r, c), (r + 1, c)) for r in range(count - 1) for c in range(count)]
    walls = np.add.outer(np.arange(2 * count - 1) % 2, np.arange(2 * count - 1) % 2) > 0
    group = {(r, c): {(r, c)} for r in range(count) for c in range(count)}
    for edge in np.argsort(weights, kind="stable"):
        one, other = pairs[edge]
        parts = one not in group[other]
        if parts:
            joined = group[one] | group[other]
            group.update(dict.fromkeys(joined, joined))
        if parts or opened[edge] < openings:
            walls[one[0] + other[0], one[1] + other[1]] = False
    return walls
