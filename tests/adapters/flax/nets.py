"""Small modules of flax, as their owners would write them."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from flax import nnx


class MLP(nn.Module):
    """Logits and value, as actor-critics have them."""

    width: int = 6

    @nn.compact
    def __call__(self, x):
        x = nn.tanh(nn.Dense(self.width)(x.reshape(x.shape[0], -1)))
        return nn.Dense(4)(x), nn.Dense(1)(x)

    def scores(self, x):
        """By another method."""
        return self(x)[0]


class Alone(nn.Module):
    """Logits alone, at the end of layers that behave otherwise in training."""

    @nn.compact
    def __call__(self, x, train):
        x = nn.BatchNorm(use_running_average=not train)(nn.Dense(5)(x.reshape(x.shape[0], -1)))
        return nn.Dense(4)(nn.Dropout(0.5, deterministic=not train)(x))


class Everywhere(nn.Module):
    """Answers for every cell of a map; where it is shown what a window shows, its parameters are the same."""

    @nn.compact
    def __call__(self, x):
        return nn.Conv(4, (3, 3))(x)


class Recurrent(nn.Module):
    """The carry first, as flax's own cells have it."""

    @nn.compact
    def __call__(self, carry, x):
        carry, y = nn.OptimizedLSTMCell(5)(carry, x.reshape(x.shape[0], -1))
        return carry, nn.Dense(4)(y)

    def initialize_carry(self, key, shape):
        """Of the cell."""
        return nn.OptimizedLSTMCell(5, parent=None).initialize_carry(key, (*shape[:1], 1))


class Reversed(nn.Module):
    """The carry last, and nothing that says how it begins."""

    @nn.compact
    def __call__(self, x, carry):
        carry, y = nn.GRUCell(5)(carry, x.reshape(x.shape[0], -1))
        return nn.Dense(4)(y), nn.Dense(1)(y), carry


class Either(nn.Module):
    """Takes the carry wherever it stands, as it has the shape of what is shown."""

    @nn.compact
    def __call__(self, a, b):
        return a + b, nn.Dense(4)(a - b)


class Episodes(nn.Module):
    """Takes sequences, and whether a new episode began, as recurrent agents of JAX libraries do; answers with a distribution."""

    @nn.compact
    def __call__(self, carry, x):
        (shown, begun), cell, ys = x, nn.GRUCell(5), []
        for t in range(shown.shape[0]):
            carry = jnp.where(begun[t][:, None], 0.0, carry)
            carry, y = cell(carry, shown[t].reshape(shown.shape[1], -1))
            ys.append(y)
        return carry, Categorical(nn.Dense(4)(jnp.stack(ys)))


class Categorical:
    """What libraries of distributions put out."""

    def __init__(self, logits):
        self.logits = logits


def one_step(module, x, carry):
    """`Episodes` for one step, in which no episode begins."""
    carry, chosen = module(carry, (x[None], jnp.zeros((1, len(x)), bool)))
    return chosen.logits[0], carry


def zeros(actors):
    """The carry of `Episodes`."""
    return jnp.zeros((actors, 5))


class Plain(nnx.Module):
    """A module of the other interface, with layers that behave otherwise in training."""

    def __init__(self, width=5):
        rngs = nnx.Rngs(0)
        self.norm, self.drop = nnx.BatchNorm(72, rngs=rngs), nnx.Dropout(0.5, rngs=rngs)
        self.layers = nnx.List([nnx.Linear(72, width, rngs=rngs), nnx.Linear(width, 4, rngs=rngs)])

    def __call__(self, x):
        first, second = self.layers
        return second(self.drop(nnx.tanh(first(self.norm(x.reshape(x.shape[0], -1))))))


class Remembering(nnx.Module):
    """The carry first, as its cells have it."""

    def __init__(self):
        rngs = nnx.Rngs(0)
        self.cell, self.head = nnx.GRUCell(72, 5, rngs=rngs), nnx.Linear(5, 4, rngs=rngs)

    def initialize_carry(self, shape, rngs):
        """Of the cell."""
        return self.cell.initialize_carry((shape[0], 72), rngs)

    def __call__(self, carry, x):
        carry, y = self.cell(carry, x.reshape(x.shape[0], -1))
        return carry, self.head(y)


def blank(actors):
    """The carry of `Reversed`."""
    return jnp.ones((actors, 5))


def wide(shown):
    """Of NumPy: cannot be traced."""
    return np.concatenate([np.asarray(shown), np.asarray(shown)], -1).astype(np.float32)


def wide_in_jax(shown):
    """The same."""
    return jnp.concatenate([shown, shown], -1)


def scores(module, x):
    """Called in place of the module."""
    return module.scores(x)


class Wide(nn.Module):
    """Wide enough to learn a small maze."""

    @nn.compact
    def __call__(self, x):
        x = x.reshape(x.shape[0], -1)
        for _ in range(2):
            x = nn.relu(nn.Dense(128)(x))
        return nn.Dense(4)(x), nn.Dense(1)(x)
