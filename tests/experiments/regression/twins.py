"""Slow, obvious NumPy twins of the algorithms, one context at a time."""

import numpy as np


def descent(x, y, rate, steps):
    w = np.zeros(x.shape[1])
    for _ in range(steps):
        slope = np.zeros_like(w)
        for inputs, label in zip(x, y, strict=True):
            slope += (w @ inputs - label) * inputs / len(y)
        w = w - rate * slope
    return w


def preconditioned(x, y, q, rates, shrinks):
    """On tokens: what is left of each label, inputs that shrink."""
    x, left, q, answer = x.copy(), y.copy(), q.copy(), 0.0
    for rate, shrink in zip(rates, shrinks, strict=True):
        move = rate * sum(r * i for r, i in zip(left, x, strict=True)) / len(y)
        second = sum(np.outer(i, i) for i in x) / len(y)
        answer += move @ q
        left = left - x @ move
        x, q = x - shrink * x @ second, q - shrink * second @ q
    return answer


def bound(second):
    """No less than the largest eigenvalue: a high norm of all of them."""
    return (np.linalg.eigvalsh(second) ** 64).sum() ** (1 / 64)


def newton(x, y, size, steps, scaled=False):
    second, first = x.T @ x / len(y), x.T @ y / len(y)
    size = size / bound(second) ** 2 if scaled else size
    inverse = min(size, 1.99 / bound(second) ** 2) * second
    for _ in range(steps):
        inverse = 2 * inverse - inverse @ second @ inverse
    return inverse @ first


def krylov(x, y, steps):
    """What conjugate gradients reach: the minimum over the Krylov space, by least squares in its basis."""
    second, first = x.T @ x / len(y), x.T @ y / len(y)
    basis = [first / np.linalg.norm(first)]
    for _ in range(steps - 1):
        new = second @ basis[-1]
        for b in basis:
            new = new - (new @ b) * b
        basis.append(new / np.linalg.norm(new))
    b = np.stack(basis, 1)
    return b @ np.linalg.solve(b.T @ second @ b, b.T @ first)


def ridge(x, y, penalty):
    """As least squares on a table with extra rows."""
    rows = np.concatenate([x / np.sqrt(len(y)), np.sqrt(penalty) * np.eye(x.shape[1])])
    return np.linalg.lstsq(rows, np.concatenate([y / np.sqrt(len(y)), np.zeros(x.shape[1])]), rcond=None)[0]


def smoother(x, y, q, sharpness):
    near = [np.exp(-sharpness * ((i - q) ** 2).sum()) for i in x]
    return sum(n * label for n, label in zip(near, y, strict=True)) / sum(near)


def nearest(x, y, q, neighbors):
    order = sorted(range(len(y)), key=lambda i: ((x[i] - q) ** 2).sum())
    return float(np.mean([y[i] for i in order[:neighbors]]))


def remembered(x, y, q, pool, precision):
    belief = [
        np.exp(-0.5 * precision * sum((label - task @ i) ** 2 for i, label in zip(x, y, strict=True))) for task in pool
    ]
    return sum(b * (task @ q) for b, task in zip(belief, pool, strict=True)) / sum(belief)
