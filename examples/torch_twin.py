"""The same network twice: a glance net of Mesascope, and a PyTorch module with the same weights, to be audited alike."""

from collections import OrderedDict

import numpy as np
import torch

from mesascope.learned.thinking import ThinkingNet

# Order of the five cells in Mesascope's stencil: itself, up, down, left, right.
STENCIL = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))


def stencil(weights: np.ndarray, inputs: int) -> torch.Tensor:
    """Weights of a five-point stencil as a 3x3 convolution with empty corners."""
    kernel = torch.zeros(weights.shape[1], inputs, 3, 3)
    for index, (row, column) in enumerate(STENCIL):
        kernel[:, :, row, column] = torch.from_numpy(weights[index * inputs : (index + 1) * inputs].T.copy())
    return kernel


class Cell(torch.nn.Module):
    """One gated update of the state."""

    def __init__(self, channels: int):
        super().__init__()
        self.recur = torch.nn.Conv2d(channels, 3 * channels, 3, padding=1, bias=False)
        self.bias = torch.nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The state after one more tick."""
        update, reset, candidate = x.chunk(3, 1)
        u = self.recur(h).chunk(3, 1)
        update, reset = torch.sigmoid(update + u[0]), torch.sigmoid(reset + u[1])
        return (1.0 - update) * h + update * torch.tanh(candidate + reset * (u[2] + self.bias))


class GlanceNet(torch.nn.Module):
    """Sees the level in the first ticks and thinks for the others."""

    def __init__(self, inputs: int, channels: int, ticks: int, reads_until: int):
        super().__init__()
        self.read = torch.nn.Conv2d(inputs, 3 * channels, 3, padding=1, bias=False)
        self.read_bias = torch.nn.Parameter(torch.zeros(3 * channels, 1, 1))
        self.cell = Cell(channels)
        self.out = torch.nn.Conv2d(channels, 4, 1)
        self.channels, self.ticks, self.reads_until = channels, ticks, reads_until

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Logits (level, 4, height, width) from a level (level, channel, height, width)."""
        levels, _, height, width = observation.shape
        h = torch.zeros(levels, self.channels, height, width)
        seen = self.read(observation)
        for tick in range(self.ticks):
            x = seen if tick < self.reads_until else torch.zeros_like(seen)
            h = self.cell(h, x + self.read_bias)
        return self.out(h)


def torch_twin(net: ThinkingNet) -> GlanceNet:
    """A PyTorch module with the weights of `net`."""
    inputs = net.read.shape[0] // 5
    twin = GlanceNet(inputs, net.channels, net.ticks, net.reads_until)
    maps = {
        name: np.asarray(getattr(net, name)) for name in ("read", "recur", "bias", "candidate_bias", "out", "out_bias")
    }
    twin.load_state_dict(
        OrderedDict(
            {
                "read.weight": stencil(maps["read"], inputs),
                "read_bias": torch.from_numpy(maps["bias"].copy())[:, None, None],
                "cell.recur.weight": stencil(maps["recur"], net.channels),
                "cell.bias": torch.from_numpy(maps["candidate_bias"].copy())[:, None, None],
                "out.weight": torch.from_numpy(maps["out"].T.copy())[:, :, None, None],
                "out.bias": torch.from_numpy(maps["out_bias"].copy()),
            }
        )
    )
    return twin.eval()
