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


def life(genome, chance, feels, rate, told):
    """One animal's life in the second stage with networks: its head, its store, and what it earned on average."""
    head = {
        "first": np.asarray(chance.first, np.float64) / 5**0.5,
        "bias": np.zeros(8),
        "last": np.zeros(8),
        "level": 0.0,
    }
    store, earned = 0.0, []
    contexts = zip(
        *(np.asarray(x, np.float64) for x in (chance.contexts.percepts, chance.contexts.outcomes, chance.luck)),
        strict=True,
    )
    for percepts, outcomes, luck in contexts:
        worth = outcomes.sum(1) / 2**0.5
        shown = [np.append(option, feels * store) for option in percepts]
        expected = np.array([head["last"] @ np.tanh(x @ head["first"] + head["bias"]) + head["level"] for x in shown])
        weights = np.exp(3 * expected - (3 * expected).max())
        earned.append((weights / weights.sum()) @ worth)
        taken = int(np.argmax(3 * expected + luck))
        store = 0.5 * store + 0.75**0.5 * outcomes[taken, 0]
        meal = np.append(percepts[taken], feels * store)
        reward = genome["last"] @ np.tanh(meal @ genome["first"] + genome["bias"])
        if told:
            reward = worth[taken]
        units = np.tanh(shown[taken] @ head["first"] + head["bias"])
        error = np.clip(reward - head["last"] @ units - head["level"], -2, 2)
        inward = rate * error * head["last"] * (1 - units**2)
        head = {
            "first": head["first"] + np.outer(shown[taken], inward),
            "bias": head["bias"] + inward,
            "last": head["last"] + rate * error * units,
            "level": head["level"] + rate * error,
        }
    return head, store, float(np.mean(earned))
