/** `mesascope.learned.feed_forward.FeedForwardNet`: gated layers with weights of their own; a layer is a tick. */

import type { Agent, Arrays } from "./agent";
import { around, FIVE, sigmoid } from "./stencil";

export function feedForward(arrays: Arrays, config: Readonly<Record<string, number>>): Agent {
  const { channels, layers } = config;
  const [weight, bias, read, out, outBias] = ["weight", "bias", "read", "out", "out_bias"].map(arrays);
  const rows = weight.rows / layers;
  const columns = 2 * channels;
  const layer = Array.from({ length: layers }, (_, at) => ({
    weights: { rows, columns, data: weight.data.subarray(at * rows * columns, (at + 1) * rows * columns) },
    bias: bias.data.subarray(at * columns, (at + 1) * columns),
  }));
  return {
    ticks: layers,
    readsUntil: 1,
    channels,
    site: "state",
    think(h, seen, { height, width }, tick) {
      const both = around(h, height, width, FIVE, layer[tick].weights, layer[tick].bias);
      if (tick < 1) around(seen, height, width, FIVE, read, null).forEach((value, at) => (both[at] += value));
      const next = new Float32Array(h.length);
      for (let cell = 0; cell < height * width; cell++)
        for (let k = 0; k < channels; k++) {
          const gate = sigmoid(both[cell * columns + k]);
          const at = cell * channels + k;
          next[at] = (1 - gate) * h[at] + gate * Math.tanh(both[cell * columns + channels + k]);
        }
      return next;
    },
    act: (h, { height, width }) => around(h, height, width, [[0, 0]], out, outBias.data),
  };
}
