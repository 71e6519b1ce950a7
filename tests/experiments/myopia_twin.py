"""The button game and two of its learners in plain Python, one episode at a time."""

import numpy as np


def played(draws, chance, last, loss, swapped, seen):
    """Presses and rewards of every episode; each learner sits in its own context or in the one its neighbor left."""
    count = len(last)
    contexts = list(last)
    presses, rewards = [], []
    for number, draw in enumerate(draws):
        turn = number if swapped else 0
        row, paid = np.zeros(count), np.zeros(count)
        for learner in range(count):
            context = (learner - turn) % count
            shows = int(seen and contexts[context])
            row[learner] = float(draw[learner] < chance[learner][shows])
            paid[learner] = row[learner] - loss * contexts[context]
        for learner in range(count):
            contexts[(learner - turn) % count] = row[learner]
        presses.append(row)
        rewards.append(paid)
    return np.array(presses), np.array(rewards)


def q_learned(draws, loss, seen, discount, rate, explore):
    """Shares of presses of one Q-learner in its own context."""
    values, last, presses = np.zeros((2, 2)), 0, []
    for draw in draws:
        here = int(seen and last)
        chance = explore / 2 + (1 - explore) * (values[here][1] > values[here][0])
        press = int(draw < chance)
        then = int(seen and press)
        target = press - loss * last + discount * max(values[then])
        values[here][press] += rate * (target - values[here][press])
        last = press
        presses.append(press)
    return np.array(presses), values


def actor_critic(draws, logits, loss, seen, discount, actor, critic, kept):
    """Presses of one actor-critic in its own context, updated after every episode."""
    logits, values = list(logits), [0.0, 0.0]
    blame, praise, last, presses = np.zeros(2), np.zeros(2), 0, []
    for draw in draws:
        here = int(seen and last)
        chance = 1 / (1 + np.exp(-logits[here]))
        press = int(draw < chance)
        then = int(seen and press)
        error = press - loss * last + discount * values[then] - values[here]
        blame, praise = discount * kept * blame, discount * kept * praise
        blame[here] += press - chance
        praise[here] += 1
        logits, values = logits + actor * error * blame, values + critic * error * praise
        last = press
        presses.append(press)
    return np.array(presses)
