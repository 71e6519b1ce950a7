"""Slow, obvious twins of everything in `mesascope.core`, one level at a time, in float64 with loops.

A `Table` is one level of a `FiniteMDP`. Nothing here calls the code under test.
"""

import itertools
from collections import deque
from typing import NamedTuple

import numpy as np


class Table(NamedTuple):
    """One level: successor, probability [state action outcome], features [... feature], terminal, initial [state]."""

    successor: np.ndarray
    probability: np.ndarray
    features: np.ndarray
    terminal: np.ndarray
    initial: np.ndarray

    @property
    def states(self):
        return self.successor.shape[0]

    @property
    def actions(self):
        return self.successor.shape[1]


def tables(mdp):
    """The levels of a batch, one by one."""
    arrays = [np.asarray(x) for x in (mdp.successor, mdp.probability, mdp.features, mdp.terminal, mdp.initial)]
    return [
        Table(*(x[level].astype(np.float64) if x.dtype.kind == "f" else x[level] for x in arrays))
        for level in range(len(arrays[0]))
    ]


def expected_features(table):
    total = np.zeros((table.states, table.actions, table.features.shape[-1]))
    for s in range(table.states):
        if not table.terminal[s]:
            for a in range(table.actions):
                for o, p in enumerate(table.probability[s, a]):
                    total[s, a] += p * table.features[s, a, o]
    return total


def rewards(table, weights):
    return expected_features(table) @ np.asarray(weights, np.float64)


def transitions(table, policy):
    matrix = np.zeros((table.states, table.states))
    for s in range(table.states):
        if not table.terminal[s]:
            for a in range(table.actions):
                for o, p in enumerate(table.probability[s, a]):
                    matrix[s, table.successor[s, a, o]] += policy[s, a] * p
    return matrix


def action_values(table, reward, values, discount):
    q = np.zeros((table.states, table.actions))
    for s in range(table.states):
        if not table.terminal[s]:
            for a in range(table.actions):
                ahead = 0.0
                for o, p in enumerate(table.probability[s, a]):
                    to = table.successor[s, a, o]
                    ahead += 0.0 if table.terminal[to] else p * values[to]
                q[s, a] = reward[s, a] + discount * ahead
    return q


def evaluate(table, policy, reward, discount):
    gain = np.where(table.terminal, 0.0, (policy * reward).sum(-1))
    return np.linalg.solve(np.eye(table.states) - discount * transitions(table, policy), gain)


def occupancy(table, policy, discount):
    """Visits summed step by step until what is left is worth nothing."""
    step, visits = table.initial.copy(), np.zeros(table.states)
    matrix = transitions(table, policy)
    while step.sum() > 1e-14:
        visits += step
        step = discount * step @ matrix
    return visits


def feature_returns(table, policy, discount):
    visits, fired = occupancy(table, policy, discount), expected_features(table)
    total = np.zeros(fired.shape[-1])
    for s in range(table.states):
        for a in range(table.actions):
            total += visits[s] * policy[s, a] * fired[s, a]
    return total


def policy_return(table, policy, weights, discount):
    return float(table.initial @ evaluate(table, policy, rewards(table, weights), discount))


def optimal(table, weights, discount):
    """State and action values by policy iteration, each step an exact solve."""
    reward, choice = rewards(table, weights), np.zeros(table.states, int)
    for _ in range(10_000):
        values = evaluate(table, np.eye(table.actions)[choice], reward, discount)
        q = action_values(table, reward, values, discount)
        better = np.where(q.max(-1) > q[np.arange(table.states), choice] + 1e-12, q.argmax(-1), choice)
        if (better == choice).all():
            return values, q
        choice = better
    raise AssertionError("policy iteration did not end")


def optimal_set(q, slack=2e-5):
    """Actions within `slack` of the best, relative to the largest value of the state."""
    scale = np.abs(q).max(-1, keepdims=True)
    return q >= q.max(-1, keepdims=True) - slack * scale - 1e-7


def ties_are_clear(q):
    """Whether each action is either tied but for float32 rounding or behind by more than anyone could call a tie."""
    behind = q.max(-1, keepdims=True) - q
    scale = np.abs(q).max(-1, keepdims=True)
    return bool(((behind <= 5e-6 * scale) | (behind > 3e-4 * scale)).all())


def uniform_over(allowed):
    return allowed / allowed.sum(-1, keepdims=True)


def soft_optimal(table, weights, inverse_temperature, discount):
    reward, values = rewards(table, weights), np.zeros(table.states)
    for _ in range(20_000):
        q = action_values(table, reward, values, discount)
        top = q.max(-1)
        soft = top + np.log(np.exp(inverse_temperature * (q - top[:, None])).sum(-1)) / inverse_temperature
        new = np.where(table.terminal, 0.0, soft)
        if np.abs(new - values).max() < 1e-13:
            break
        values = new
    return new, action_values(table, reward, new, discount)


def return_range(table, allowed, weights, discount):
    """Least and greatest return over every deterministic policy that uses allowed actions only, by enumeration."""
    choices = [np.flatnonzero(row) for row in allowed]
    # What is chosen in a terminal state changes nothing.
    choices = [c[:1] if end else c for c, end in zip(choices, table.terminal, strict=True)]
    found = [
        policy_return(table, np.eye(table.actions)[list(picked)], weights, discount)
        for picked in itertools.product(*choices)
    ]
    return min(found), max(found)


def competence(own, uniform, best):
    return (np.mean(own) - np.mean(uniform)) / (np.mean(best) - np.mean(uniform))


def ledger_terms(batch, subject, intended, base, mesa, discount):
    """Outer, inner, capability and total of mean returns, from the definition; None where ties are not clear."""
    best, by_base, by_mesa, own = [], [], [], []
    for table, policy in zip(batch, subject, strict=True):
        best.append(float(table.initial @ optimal(table, intended, discount)[0]))
        for found, objective in ((by_base, base), (by_mesa, mesa)):
            q = optimal(table, objective, discount)[1]
            if not ties_are_clear(q):
                return None
            allowed = optimal_set(q)
            found.append(policy_return(table, uniform_over(allowed), intended, discount))
        own.append(policy_return(table, policy, intended, discount))
    u, b, m, s = (float(np.mean(x)) for x in (best, by_base, by_mesa, own))
    return u - b, b - m, m - s, u - s


def steps_to(walls, target):
    """Breadth-first steps from each free cell to a target cell of one maze, not walking through `target`; -1: none."""
    height, width = walls.shape
    distance = np.full((height, width), -1)
    distance[target] = 0
    queue = deque([target])
    while queue:
        row, column = queue.popleft()
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            r, c = row + down, column + right
            if 0 <= r < height and 0 <= c < width and not walls[r, c] and distance[r, c] < 0:
                distance[r, c] = distance[row, column] + 1
                queue.append((r, c))
    return distance


def shortest_path_actions(walls, target, others):
    """Actions (up, down, left, right) that lie on a shortest path to `target` round the cells in `others`.

    Cells with no such path have every action: nothing can be gained there. Ends and walls are left out (all False).
    """
    blocked = walls.copy()
    for cell in others:
        blocked[cell] = True
    distance = steps_to(blocked, target)
    height, width = walls.shape
    actions = np.zeros((height, width, 4), bool)
    for row in range(height):
        for column in range(width):
            if blocked[row, column] or (row, column) == target:
                continue
            if distance[row, column] < 0:
                actions[row, column] = True
                continue
            for a, (down, right) in enumerate(((-1, 0), (1, 0), (0, -1), (0, 1))):
                r, c = row + down, column + right
                inside = 0 <= r < height and 0 <= c < width
                if inside and distance[r, c] >= 0 and distance[r, c] == distance[row, column] - 1:
                    actions[row, column, a] = True
    return actions
