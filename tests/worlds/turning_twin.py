"""Turning, going forward and looking through a window the slow way: characters of a text, one state at a time."""

import numpy as np

LOOKS = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""Up, down, left, right."""
CLOCKWISE = {(-1, 0): (0, 1), (0, 1): (1, 0), (1, 0): (0, -1), (0, -1): (-1, 0)}


def turned(look, action):
    """Where an agent looks after turning."""
    if action == "right":
        return CLOCKWISE[look]
    return next(before for before, after in CLOCKWISE.items() if after == look)


def tables(successor, features, terminal, initial, cells):
    """Tables with headings from tables of four moves, each a NumPy array of one level without outcomes."""
    stages, count = len(successor) // cells, successor.shape[0] * 4
    after = np.zeros((count, 3), int)
    fires = np.zeros((count, 3, features.shape[-1]))
    ends, start = np.zeros(count, bool), np.zeros(count)

    def number(stage, look, cell):
        return (stage * 4 + LOOKS.index(look)) * cells + cell

    for stage in range(stages):
        for cell in range(cells):
            state = stage * cells + cell
            for move, look in enumerate(LOOKS):
                here = number(stage, look, cell)
                ends[here], start[here] = terminal[state], initial[state] / 4
                for action in ("left", "right"):
                    new = look if terminal[state] else turned(look, action)
                    after[here, ("left", "right").index(action)] = number(stage, new, cell)
                to_stage, to_cell = divmod(int(successor[state, move]), cells)
                after[here, 2] = number(to_stage, look, to_cell)
                fires[here, 2] = features[state, move]
    return after, fires, ends, start


def steps_to(after, goals):
    """Least number of steps from each state into a goal, by breadth-first search backwards; -1 where there is no way."""
    steps = np.where(goals, 0, -1)
    edge, count = list(np.flatnonzero(goals)), 0
    before = [[] for _ in range(len(after))]
    for state, row in enumerate(after):
        for there in row:
            before[there].append(state)
    while edge:
        count += 1
        new = []
        for state in edge:
            for earlier in before[state]:
                if steps[earlier] < 0:
                    steps[earlier] = count
                    new.append(earlier)
        edge = new
    return steps


def window(picture, row, column, look, size, outside):
    """A window of a map, a place at a time. `look` None: the agent in the middle, nothing turned."""
    height, width, channels = picture.shape
    seen = np.zeros((size, size, channels), picture.dtype)
    for r in range(size):
        for c in range(size):
            if look is None:
                at = (row + r - size // 2, column + c - size // 2)
            else:
                ahead, aside = size - 1 - r, c - size // 2
                side = CLOCKWISE[look]
                at = (row + ahead * look[0] + aside * side[0], column + ahead * look[1] + aside * side[1])
            inside = 0 <= at[0] < height and 0 <= at[1] < width
            seen[r, c] = picture[at] if inside else outside
    return seen
