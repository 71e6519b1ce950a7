"""Slow, obvious twins of what the deception instruments compute."""

import numpy as np


def auroc(scores, labels):
    """Every pair, one by one."""
    won = 0.0
    pairs = 0
    for s, a in zip(scores, labels, strict=True):
        for t, b in zip(scores, labels, strict=True):
            if a and not b:
                pairs += 1
                won += 1.0 if s > t else 0.5 if s == t else 0.0
    return won / pairs


def life_return(now, after, discount, modified, training, deployed):
    """Expected share of B in a life: every branch of being caught or not, written out."""

    def ahead(rate, episodes):
        return sum(discount**k * rate for k in range(episodes))

    def changed(left):
        return after[1] * ahead(1, deployed) if left == 0 else after[0] + discount * changed(left - 1)

    def unchanged(left):
        if left == 0:
            return now[1] * ahead(1, deployed)
        caught = modified * now[0]
        return now[0] + discount * (caught * changed(left - 1) + (1 - caught) * unchanged(left - 1))

    most = ahead(1, training) + discount**training * ahead(1, deployed)
    return unchanged(training) / most


def gradient_descent_left(weights, seen):
    """Probability of going left of a GRU whose weights are given as arrays, one episode and tick at a time."""
    read, recur, bias, bias_n, out, out_bias = weights
    units = recur.shape[1]
    found = []
    for episode in seen:
        memory = np.zeros(units)
        for x in episode:
            given, kept = np.split(read @ x + bias, 3), np.split(recur @ memory, 3)
            reset, keep = (1 / (1 + np.exp(-(g + k))) for g, k in zip(given[:2], kept[:2], strict=True))
            new = np.tanh(given[2] + reset * (kept[2] + bias_n))
            memory = new + keep * (memory - new)
        found.append(1 / (1 + np.exp(-(out @ memory + out_bias))))
    return np.array(found).reshape(-1)


def auroc_within(scores, labels, flag):
    """Every pair of episodes in the same state of the flag, one by one."""
    won = 0.0
    pairs = 0
    for s, a, f in zip(scores, labels, flag, strict=True):
        for t, b, g in zip(scores, labels, flag, strict=True):
            if a and not b and f == g:
                pairs += 1
                won += 1.0 if s > t else 0.5 if s == t else 0.0
    return won / pairs if pairs else float("nan")
