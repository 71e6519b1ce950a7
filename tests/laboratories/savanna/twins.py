"""The savanna said slowly, in loops and NumPy."""

import numpy as np


def choice(searches, values, reflexes, percepts, context):
    if not searches:
        return int(reflexes[context])
    worth = [sum(v * p for v, p in zip(values, option, strict=True)) for option in percepts[context]]
    return int(np.argmax(worth))


def fitness(searches, values, reflexes, percepts, outcomes, cost):
    earned = []
    for context in range(len(percepts)):
        option = choice(searches, values, reflexes, percepts, context)
        calories, births = outcomes[context][option]
        earned.append((calories + births) / 2**0.5 - (cost if searches else 0.0))
    return sum(earned) / len(earned)


def ledger(worth, chosen, spent, mesa_worth):
    """Mean gaps, ties shared evenly: outer is nothing because base and intended are one."""
    best, by_mesa, own = [], [], []
    for row, mesa, option in zip(worth, mesa_worth, chosen, strict=True):
        tied = [o for o in range(len(row)) if mesa[o] >= max(mesa) - 1e-6]
        best.append(max(row))
        by_mesa.append(sum(row[o] for o in tied) / len(tied))
        own.append(row[option] - spent)
    best, by_mesa, own = np.mean(best), np.mean(by_mesa), np.mean(own)
    return {"outer": 0.0, "inner": best - by_mesa, "capability": by_mesa - own, "total": best - own}
