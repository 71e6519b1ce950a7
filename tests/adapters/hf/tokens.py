"""Red-doors of size 5 as tokens, as an owner of a language model would write them."""

import numpy as np

CELLS, START, MOVES, END, SIZE = 9, 10, (19, 20, 21, 22), 23, 24
"""Cells of a level, token of the first starting place, tokens of the moves, the end, and how many tokens there are."""


def tokens(full):
    """One token for each cell (wall, free, a door or a ball of a color), and then where the agent starts."""
    cells = np.asarray(full).reshape(len(full), CELLS, 8)
    color = cells[..., 3:7].argmax(-1)
    kinds = [cells[..., 0] > 0, cells[..., 1] > 0, cells[..., 2] > 0]
    ids = np.select(kinds, [np.zeros_like(color), 2 + color, 6 + color], 1)
    return np.concatenate([ids, START + cells[..., 7].argmax(-1)[:, None]], 1)
