"""Small modules of PyTorch as their owners hold them: memoryless, with a memory, and one that writes whole paths."""

import numpy as np
import torch

torch.set_num_threads(1)


class Flat(torch.nn.Module):
    """Logits from numbers in a row."""

    def __init__(self, width=72):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(width, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))

    def forward(self, shown):
        return self.layers(shown)


def wide():
    return Flat(100)


class ActorCritic(torch.nn.Module):
    """Logits and a value from a picture, channels first."""

    def __init__(self):
        super().__init__()
        self.look = torch.nn.Conv2d(8, 4, 3, padding=1)
        self.actor, self.critic = torch.nn.Linear(36, 4), torch.nn.Linear(36, 1)

    def forward(self, shown):
        seen = torch.relu(self.look(shown)).flatten(1)
        return self.actor(seen), self.critic(seen)


class Walker(torch.nn.Module):
    """A GRU that sees a window ahead of it and turns; without a memory it begins with zeros."""

    def __init__(self):
        super().__init__()
        self.cell, self.head = torch.nn.GRUCell(175, 12), torch.nn.Linear(12, 3)

    def forward(self, shown, memory=None):
        memory = self.cell(shown, memory)
        return self.head(memory), memory


class Ticking(torch.nn.Module):
    """A convolutional LSTM that ticks twice in a step; its memory has a beginning of its own."""

    def __init__(self):
        super().__init__()
        self.gates, self.head = torch.nn.Conv2d(8 + 3, 12, 3, padding=1), torch.nn.Linear(27, 4)
        self.first = torch.nn.Parameter(torch.randn(3, 3, 3))

    def initial(self, actors):
        return {"h": self.first.expand(actors, 3, 3, 3), "c": torch.zeros(actors, 3, 3, 3)}

    def forward(self, shown, memory):
        h, c = memory["h"], memory["c"]
        for _ in range(2):
            i, f, o, g = self.gates(torch.cat([shown, h], 1)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.head(h.flatten(1)), torch.zeros(len(shown)), {"h": h, "c": c}


class Layered(torch.nn.Module):
    """An LSTM of two layers: the actors are in the second axis of its memory."""

    def __init__(self):
        super().__init__()
        self.body, self.head = torch.nn.LSTM(72, 6, 2), torch.nn.Linear(6, 4)

    def forward(self, shown, memory=None):
        out, memory = self.body(shown[None], memory)
        return self.head(out[0]), memory


def zeros_of_layers(actors):
    return torch.zeros(2, actors, 6), torch.zeros(2, actors, 6)


class Writer(torch.nn.Module):
    """Reads tokens of a level and writes moves one after the other, each dependent on those before."""

    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(20, 8)
        self.head = torch.nn.Linear(8, 5)

    def forward(self, ids):
        place = torch.arange(1, ids.shape[1] + 1)[:, None]
        return self.head((self.embed(ids) * (3 * place).sin()).sum(1))


def tokens(full):
    """A number for each cell, and one for where the agent is."""
    kinds = full[..., :-1].reshape(len(full), 9, -1).argmax(-1)
    return np.concatenate([kinds, 7 + full[..., -1].reshape(len(full), 9).argmax(1)[:, None]], 1)


def written(module, ids):
    """Greedy decoding of five moves; 4 is the end."""
    moves = []
    for _ in range(5):
        moves.append(module(ids).argmax(1, keepdim=True))
        ids = torch.cat([ids, 14 + moves[-1]], 1)
    return torch.cat(moves, 1)


def twice(full):
    return full.reshape(len(full), -1), full


def image_of(full):
    return {"image": full}
