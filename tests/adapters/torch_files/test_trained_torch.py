"""Small agents, trained for seconds by plain PyTorch and saved, earn here what they earn in their own loops."""

import numpy as np
import pytest

import mesascope as ms
from mesascope.adapters.replay import returns
from mesascope.core.errors import UsageError
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.turning import turning

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")

from tests.adapters.torch_files import nets

WORLD = RedDoors(size=5)
HOME = "tests.adapters.torch_files.nets"
LIMIT = 30


class Data:
    """Levels as plain arrays, as somebody exports them."""

    def __init__(self, world, view, levels, seed):
        drawn = world.draw(seed, levels)
        mdp = world.tables(drawn)
        value = optimal_values(mdp, np.asarray(world.base_objective.vector(world.features)), world.discount)
        self.seen = np.array(world.observe(drawn, view))
        self.best = np.array(uniform_over(optimal_actions(value.action)))
        self.after, self.over = np.asarray(mdp.successor[..., 0]), np.asarray(mdp.terminal)
        self.initial = np.asarray(mdp.initial)
        self.earned = np.asarray(mdp.features[..., 0, :]) @ np.asarray(world.base_objective.vector(world.features))

    def starts(self, rng, count):
        level = rng.choice(np.flatnonzero(self.initial.sum(1) > 0), count)
        odds = [self.initial[i] / self.initial[i].sum() for i in level]
        return level, np.array([rng.choice(len(p), p=p) for p in odds])


def walk(data, rng, count, choose):
    """Returns of the agent's own episodes: `choose(step, what is seen, level, state)` gives an action or -1 to stop."""
    level, state = data.starts(rng, count)
    live, earned = np.ones(count, bool), np.zeros(count)
    for step in range(LIMIT):
        action = choose(step, data.seen[level, state], level, state)
        live &= action >= 0
        earned += np.where(live, data.earned[level, state, action.clip(0)], 0.0)
        state = np.where(live, data.after[level, state, action.clip(0)], state)
        live &= ~data.over[level, state]
    return earned


def drawn(logits):
    return torch.distributions.Categorical(logits=logits).sample().numpy()


def as_taken(kind, seen):
    here = torch.from_numpy(seen)
    return here.flatten(1) if kind is nets.Walker else here.movedim(-1, 1).contiguous()


def taught(kind, data, updates):
    """Imitates optimal actions along its own episodes, with its memory."""
    torch.manual_seed(0)
    net, rng = kind(), np.random.default_rng(0)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(updates):
        memory, losses = (net.initial(48) if hasattr(net, "initial") else None), []

        def choose(step, seen, level, state, losses=losses):
            nonlocal memory
            if step >= 8:
                return np.full(len(level), -1)
            logits, *_, memory = net(as_taken(kind, seen), memory)
            losses.append(-(torch.from_numpy(data.best[level, state]) * logits.log_softmax(1)).sum(1).mean())
            return drawn(logits.detach())

        walk(data, rng, 48, choose)
        optimizer.zero_grad()
        sum(losses).backward()
        optimizer.step()
    return net.eval()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "world", "view", "more", "updates"),
    [
        (nets.Ticking, WORLD, "full", "output=0", 35),
        (nets.Walker, turning(WORLD), "egocentric-5", "observe=flat", 60),
    ],
)
def test_a_trained_agent_with_a_memory_earns_what_it_earns_in_its_own_loop(tmp_path, kind, world, view, more, updates):
    data = Data(world, view, 300, 5)
    net = taught(kind, data, updates)
    torch.save(net.state_dict(), tmp_path / "net.pt")
    memory = None

    def choose(step, seen, level, state):
        nonlocal memory
        memory = (net.initial(len(level)) if hasattr(net, "initial") else None) if step == 0 else memory
        with torch.inference_mode():
            logits, *_, memory = net(as_taken(kind, seen), memory)
        return drawn(logits)

    own = walk(data, np.random.default_rng(1), 600, choose)
    reference = f"torch:{tmp_path}/net.pt,module={HOME}:{kind.__name__},view={view},recurrent=true,{more}"
    agent = ms.load_agent(reference, actions=world.actions)
    here = returns(agent.subject(world), world, 300, LIMIT)
    error = np.hypot(own.std() / len(own) ** 0.5, here.std() / len(here) ** 0.5)
    assert own.mean() > 0.4
    assert abs(own.mean() - here.mean()) < 3.5 * error
    told = f"{reference},expect_return={own.mean()},expect_episodes=600,limit={LIMIT}"
    with pytest.raises(UsageError, match="earns another return here than its owner reports"):
        ms.load_agent(told, actions=world.actions[::-1], world=world)


@pytest.mark.long
def test_a_trained_writer_of_paths_earns_what_its_paths_do(tmp_path):
    data, rng = Data(WORLD, "full", 300, 5), np.random.default_rng(0)
    torch.manual_seed(0)
    net = nets.Writer()
    optimizer = torch.optim.Adam(net.parameters(), 2e-2)
    for _ in range(150):
        level, state = data.starts(rng, 64)
        ids, losses, live = torch.from_numpy(nets.tokens(data.seen[level, state])), [], np.ones(64, bool)
        for _ in range(5):
            action = np.where(live, data.best[level, state].argmax(1), 4)
            losses.append(torch.nn.functional.cross_entropy(net(ids), torch.from_numpy(action)))
            ids = torch.cat([ids, 14 + torch.from_numpy(action)[:, None]], 1)
            state = np.where(live, data.after[level, state, action.clip(max=3)], state)
            live &= ~data.over[level, state]
        optimizer.zero_grad()
        sum(losses).backward()
        optimizer.step()
    torch.save(net.state_dict(), tmp_path / "net.pt")
    paths = None

    def choose(step, seen, level, state):
        nonlocal paths
        if step == 0:
            with torch.inference_mode():
                paths = nets.written(net, torch.from_numpy(nets.tokens(seen))).numpy()
            ended = (paths == 4).cumsum(1) > 0
            paths = np.where(ended, -1, paths)
        return paths[:, step] if step < 5 else np.full(len(level), -1)

    own = walk(data, np.random.default_rng(1), 1200, choose)
    agent = ms.load_agent(
        f"torch:{tmp_path}/net.pt,module={HOME}:Writer,observe={HOME}:tokens,call={HOME}:written,answers=path",
        actions=WORLD.actions,
    )
    here = returns(agent.subject(WORLD), WORLD, 300, LIMIT)
    error = np.hypot(own.std() / len(own) ** 0.5, here.std() / len(here) ** 0.5)
    assert 0.1 < own.mean() < 0.95  # it does something, and it stops short
    assert abs(own.mean() - here.mean()) < 3.5 * error
