"""Keys and chests the slow way: one walk over the text for each cell, action and set of objects gone."""

from itertools import combinations

STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))


def play(text, gone, place, step):
    """Where one step from `place` leads with some objects gone: the place, what is gone then, what fired, whether it is over.

    `gone` and places hold (row, column) of the text.
    """
    lines = text.splitlines()
    row, column = place[0] + step[0], place[1] + step[1]
    if lines[row][column] == "#":
        return place, gone, None, False
    there = (row, column)
    letter = lines[row][column]
    letters = [lines[r][c] for r, c in gone]
    held = letters.count("k") - letters.count("h")
    if there in gone or letter == "." or (letter == "h" and held == 0):
        return there, gone, None, False
    after = gone | {there}
    left = [t for t in objects(text) if t not in after]
    held += 1 if letter == "k" else -1
    keys = any(lines[r][c] == "k" for r, c in left)
    over = not any(lines[r][c] == "h" for r, c in left) or (held == 0 and not keys)
    return there, after, {"k": "key", "h": "chest"}[letter], over


def objects(text):
    """Where anything lies."""
    return [(r, c) for r, line in enumerate(text.splitlines()) for c, x in enumerate(line) if x in "kh"]


def free(text):
    """Cells without wall and object."""
    return [(r, c) for r, line in enumerate(text.splitlines()) for c, x in enumerate(line) if x == "."]


def cells(text):
    """Cells of the interior in the order of states."""
    lines = text.splitlines()
    return [(r, c) for r in range(1, len(lines) - 1) for c in range(1, len(lines[0]) - 1)]


def optimal_values(text, weights, discount):
    """Best discounted return from every cell with nothing gone, by sweeps over every set that may be gone."""
    lines, things = text.splitlines(), objects(text)
    sets = [frozenset(some) for size in range(len(things) + 1) for some in combinations(things, size)]
    walkable = [cell for cell in cells(text) if lines[cell[0]][cell[1]] != "#"]
    values = {(gone, cell): 0.0 for gone in sets for cell in walkable}
    for gone in sorted(sets, key=len, reverse=True):  # what is gone stays gone: later sets first
        moved = True
        while moved:
            moved = False
            for cell in walkable:
                best = 0.0
                for step in STEPS:
                    there, after, fired, over = play(text, gone, cell, step)
                    gain = weights.get(fired, 0.0)
                    best = max(best, gain + (0.0 if over else discount * values[after, there]))
                moved |= best > values[gone, cell]
                values[gone, cell] = best
    return {cell: values[frozenset(), cell] for cell in walkable}
