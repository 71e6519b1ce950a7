/** `mesascope.learned.thinking.ThinkingNet`: a gated block that is iterated over the map (the glance net and the recall net). */

import type { Agent, Arrays } from "./agent";
import { around, FIVE, sigmoid } from "./stencil";

export function thinking(arrays: Arrays, config: Readonly<Record<string, number>>): Agent {
  const { channels, ticks } = config;
  const readsUntil = config.reads_until ?? ticks;
  const [recur, read, out] = ["recur", "read", "out"].map(arrays);
  const [bias, candidateBias, outBias] = ["bias", "candidate_bias", "out_bias"].map((name) => arrays(name).data);
  return {
    ticks,
    readsUntil,
    channels,
    site: "state",
    think(h, seen, { height, width }, tick) {
      const u = around(h, height, width, FIVE, recur, null);
      const x = tick < readsUntil ? around(seen, height, width, FIVE, read, bias) : null;
      const next = new Float32Array(h.length);
      for (let cell = 0; cell < height * width; cell++)
        for (let k = 0; k < channels; k++) {
          const at = cell * 3 * channels + k;
          const given = (gate: number): number => (x ? x[at + gate * channels] : bias[gate * channels + k]);
          const update = sigmoid(given(0) + u[at]);
          const reset = sigmoid(given(1) + u[at + channels]);
          const candidate = Math.tanh(given(2) + reset * (u[at + 2 * channels] + candidateBias[k]));
          next[cell * channels + k] = (1 - update) * h[cell * channels + k] + update * candidate;
        }
      return next;
    },
    act: (h, { height, width }) => around(h, height, width, [[0, 0]], out, outBias),
  };
}
