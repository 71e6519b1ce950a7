"""King Midas once more, told in plain Python and solved in float64: no tables, no batches."""

GAMMA = 0.97
ACTIONS = ("turn a thing", "turn food", "eat", "wait")


def step(palace, king, action):
    """(next king, events); a king is (food, stomach), or None when he is dead."""
    if king is None:
        return None, ({"gold": 1} if action == "turn a thing" else {})
    food, stomach = king
    events = {}
    if action == "turn a thing":
        events["gold"] = 1
    if action == "turn food" and food:
        events["gold"] = 2
        food -= 1
    full = palace.stomach
    ate = action == "eat" and king[0] > 0
    if full is not None:
        stomach = full if ate else stomach - 1
    if stomach == 0:
        return None, {**events, "death": 1}
    return (food, stomach), {**events, "alive": 1, "living-gold": events.get("gold", 0)}


def kings(palace):
    return [None] + [(f, s) for f in range(palace.food + 1) for s in range(1, (palace.stomach or 1) + 1)]


def worth(events, weights):
    return sum(weights.get(event, 0.0) * count for event, count in events.items())


def best_plan(palace, weights, sweeps=500):
    """Optimal action of every king, by value iteration."""
    value = dict.fromkeys(kings(palace), 0.0)

    def scores(king):
        found = {}
        for action in ACTIONS:
            after, events = step(palace, king, action)
            found[action] = worth(events, weights) + GAMMA * value[after]
        return found

    for _ in range(sweeps):
        value = {king: max(scores(king).values()) for king in value}
    plan = {king: max(scores(king), key=scores(king).get) for king in value}
    return plan, value[(palace.food, palace.stomach or 1)]


def lived(palace, plan, weights, steps=500):
    """Discounted return of following a plan from the start."""
    king, total = (palace.food, palace.stomach or 1), 0.0
    for t in range(steps):
        king, events = step(palace, king, plan[king])
        total += GAMMA**t * worth(events, weights)
    return total
