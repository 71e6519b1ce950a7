"""The convolutional LSTM against a slow twin written cell by cell, and what it may not see."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from mesascope.core.rng import named_key
from mesascope.core.rollouts import think_ticks, view_of
from mesascope.learned.conv_lstm import ConvLSTM


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slow_tick(net, memory, output, level, here, shown):
    """One tick of one actor."""
    read, recur, inject = (np.asarray(w, np.float64) for w in (net.read, net.recur, net.inject))
    height, width, channels = memory.shape
    seen = np.concatenate([level, np.full((height, width, 1), float(shown)), here], -1)
    pooled = np.concatenate([output.mean((0, 1)), output.max((0, 1))]) @ inject
    new_memory, new_output = np.zeros_like(memory), np.zeros_like(output)
    for row in range(height):
        for column in range(width):
            gates = pooled + np.asarray(net.bias)
            for index, (down, right) in enumerate([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]):
                r, c = row + down, column + right
                if 0 <= r < height and 0 <= c < width:
                    part = slice(index * seen.shape[-1], (index + 1) * seen.shape[-1])
                    gates = gates + seen[r, c] @ read[part]
                    gates = gates + output[r, c] @ recur[index * channels : (index + 1) * channels]
            forget, write, show, new = np.split(gates, 4)
            new_memory[row, column] = sigmoid(forget) * memory[row, column] + sigmoid(write) * np.tanh(new)
            new_output[row, column] = sigmoid(show) * np.tanh(new_memory[row, column])
    return new_memory, new_output


def test_is_its_slow_twin(observation):
    net = ConvLSTM(named_key(3, "twin"), 7, channels=3, ticks=2, sees_until=1)
    cells = jnp.array([[3] * 5, [4] * 5], jnp.int32)

    @eqx.filter_jit
    def run():
        state = net.start(observation)
        for age, cell in enumerate(cells):
            state = think_ticks(net, state, view_of(net, observation, cell, jnp.array(age)))
        return state, net.act(state)

    state, logits = run()
    levels, height, width, _ = observation.shape
    for level in range(levels):
        memory, output = np.zeros((height, width, 3)), np.zeros((height, width, 3))
        for age, cell in enumerate((3, 4)):
            here = np.zeros((height, width, 1))
            here[cell // width, cell % width] = 1
            shown = np.asarray(observation[level], np.float64) * (age < 1)
            for _ in range(2):
                memory, output = slow_tick(net, memory, output, shown, here, age < 1)
        np.testing.assert_allclose(state["memory"][level], memory, atol=1e-5)
        expected = output[4 // width, 4 % width] @ np.asarray(net.out) + np.asarray(net.out_bias)
        np.testing.assert_allclose(logits[level], expected, atol=1e-5)


def test_what_is_no_longer_shown_is_not_seen(observation):
    net = ConvLSTM(named_key(3, "blind"), 7, channels=3, ticks=1, sees_until=2)
    cell = jnp.zeros(5, jnp.int32)

    @eqx.filter_jit
    def after(age, shown):
        return think_ticks(net, net.start(observation), view_of(net, shown, cell, age))["memory"]

    assert not np.array_equal(after(jnp.array(1), observation), after(jnp.array(1), observation + 1))
    np.testing.assert_array_equal(after(jnp.array(2), observation), after(jnp.array(2), observation + 1))
