"""The prefix-LM against the same transformer in plain NumPy, token by token."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.learned.prefix_lm import PLACE, REACH, PrefixLM
from mesascope.learned.registry import build
from tests.learned.conftest import SMALL


def norm(x, normed):
    return x / np.sqrt((x**2).mean() + 1e-6) if normed else x


def by_hand(net, seen):
    """Logits of one level: a loop over blocks, tokens, heads and read tokens."""
    height, width = seen.shape[:2]
    cells = [(r, c) for r in range(height) for c in range(width)]
    normed = bool(net.normed)

    def place(at):
        return [f(2 * np.pi * at / wave) for f in (np.sin, np.cos) for wave in (8, 32)]

    h = [
        np.concatenate([seen[r, c], place(r), place(c)]) @ np.asarray(net.embed) + np.asarray(net.embed_bias)
        for r, c in cells
    ]
    for number in range(net.blocks):
        w = jax.tree.map(lambda x, n=number: np.asarray(x[n % net.distinct], np.float64), net.block)
        heads, size = net.heads, net.channels // net.heads
        read = []
        for row, column in cells:
            asks = norm(h[cells.index((row, column))], normed) @ w.query
            found = []
            for head in range(heads):
                own = slice(head * size, (head + 1) * size)
                scores, values = [0.0], [np.zeros(size)]
                for (r, c), there in zip(cells, h, strict=True):
                    down, right = np.clip([r - row, c - column], -REACH, REACH) + REACH
                    x = norm(there, normed)
                    bias = w.offset_bias[down * (2 * REACH + 1) + right, head]
                    scores.append(asks[own] @ (x @ w.key)[own] / size**0.5 + bias)
                    values.append((x @ w.value)[own])
                weight = np.exp(scores) / np.exp(scores).sum()
                found.append(weight @ np.array(values))
            read.append(np.concatenate(found) @ w.output)
        h = [x + more for x, more in zip(h, read, strict=True)]
        h = [x + np.maximum(norm(x, normed) @ w.up + w.up_bias, 0) @ w.down + w.down_bias for x in h]
    logits = [norm(x, normed) @ np.asarray(net.out) + np.asarray(net.out_bias) for x in h]
    return np.array(logits).reshape(height, width, 4)


@pytest.mark.parametrize("normed", [0, 1])
def test_answers_as_the_transformer_written_out(normed, observation):
    config = {**SMALL["prefix-lm"], "normed": normed}
    net = eqx.filter_jit(lambda: build("prefix-lm", config, key=named_key(5, "net"), inputs=7))()
    assert net.embed.shape[0] == 7 + PLACE
    found = eqx.filter_jit(lambda net, seen: net.logits(seen))(net, observation[:1, :4])
    np.testing.assert_allclose(found[0], by_hand(net, np.asarray(observation[0, :4])), rtol=1e-4, atol=1e-4)


def test_every_token_may_read_every_other():
    net = PrefixLM(named_key(6, "net"), 7, 6, 2, 1)
    base = np.random.default_rng(2).normal(size=(1, 5, 6, 7)).astype(np.float32)
    gradient = jax.jit(jax.grad(lambda seen: jnp.sin(net.logits(seen)[0, 4, 0]).sum()))(base)
    assert (np.abs(gradient)[0].max(-1) > 0).all()


def test_heads_share_the_channels():
    with pytest.raises(UsageError, match="channels=10 and heads=4: expected a multiple of the heads; write channels=8"):
        build("prefix-lm", {"channels": 10, "heads": 4}, key=named_key(0), inputs=7)
