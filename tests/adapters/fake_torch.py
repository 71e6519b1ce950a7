"""As much of PyTorch's interface as the adapters use, on NumPy: what they do is tested where PyTorch is not installed."""

import contextlib
import types

import numpy as np

from tests.adapters.numpy_net import around, sigmoid


class Tensor(np.ndarray):
    def detach(self):
        return self

    cpu = detach

    def to(self, device, kind):
        assert device == "cpu"
        return self.astype(kind)

    def numpy(self):
        return np.asarray(self)

    def clone(self):
        return self.copy()

    def copy_(self, other):
        self[...] = other

    def is_floating_point(self):
        return self.dtype.kind == "f"

    def element_size(self):
        return self.itemsize

    def data_ptr(self):
        return self.__array_interface__["data"][0]

    def stride(self):
        return self.strides


def tensor(array):
    return np.asarray(array, np.float32).view(Tensor)


fake_torch = types.ModuleType("torch")
fake_torch.Tensor, fake_torch.float32, fake_torch.from_numpy = Tensor, np.float32, tensor
fake_torch.zeros, fake_torch.inference_mode = (
    lambda shape, dtype: tensor(np.zeros(shape, dtype)),
    contextlib.nullcontext,
)
fake_torch.jit = types.SimpleNamespace(ScriptModule=type("ScriptModule", (), {}))


class Module:
    """Submodules by name, a forward pass, and hooks that may change what it puts out."""

    training = False

    def __init__(self, weights=None, **parts):
        self.weights, self._modules, self.hooks = weights or {}, parts, []

    def __getattr__(self, name):
        parts = self.__dict__["_modules"]
        if name not in parts:
            raise AttributeError(name)
        return parts[name]

    def __call__(self, *given):
        output = self.forward(*given)
        for hook in self.hooks:
            output = hook(self, given, output)
        return output

    def named_modules(self):
        return [("", self), *self._modules.items()]

    def get_submodule(self, name):
        return self._modules[name]

    def register_forward_hook(self, hook):
        self.hooks.append(hook)
        return types.SimpleNamespace(remove=lambda: self.hooks.remove(hook))

    def parameters(self):
        return []

    buffers = parameters

    def named_parameters(self, remove_duplicate):
        return [(name, value.view(Tensor)) for name, value in self.weights.items()]

    def named_buffers(self, remove_duplicate):
        return []


def last(maps):
    return np.asarray(maps).transpose(0, 2, 3, 1)


def first(maps):
    return tensor(np.asarray(maps).transpose(0, 3, 1, 2))


class Cell(Module):
    def forward(self, h, x):
        h, x, u = last(h), np.split(last(x), 3, -1), np.split(around(last(h)) @ self.weights["recur"], 3, -1)
        update, reset = sigmoid(x[0] + u[0]), sigmoid(x[1] + u[1])
        return first((1 - update) * h + update * np.tanh(x[2] + reset * (u[2] + self.weights["candidate_bias"])))


class Glance(Module):
    """A thinking net; with `leak`, something goes past its cell."""

    def __init__(self, weights, ticks, reads_until, leak=0.0):
        super().__init__(weights, cell=Cell(weights))
        self.ticks, self.reads_until, self.leak = ticks, reads_until, leak

    def forward(self, level):
        level, weights = last(level), self.weights
        seen = around(level) @ weights["read"]
        past = h = np.zeros((*level.shape[:3], len(weights["candidate_bias"])), np.float32)
        for tick in range(self.ticks):
            x = weights["bias"] + (seen if tick < self.reads_until else np.zeros_like(seen))
            past, h = h, last(self.cell(first(h + self.leak * past), first(x)))
        return first(h @ weights["out"] + weights["out_bias"])
