/** `mesascope.learned.reflex.ReflexNet`: two layers on what lies around a cell. */

import type { Agent, Arrays } from "./agent";
import { around, square } from "./stencil";

export function reflex(arrays: Arrays, config: Readonly<Record<string, number>>): Agent {
  const { channels, radius } = config;
  const [read, mix, out] = ["read", "mix", "out"].map(arrays);
  const [readBias, mixBias, outBias] = ["read_bias", "mix_bias", "out_bias"].map((name) => arrays(name).data);
  const seenIn = square(radius);
  const inputs = read.rows / seenIn.length - 1;
  return {
    ticks: 2,
    readsUntil: 1,
    channels,
    site: "state",
    think(h, seen, { height, width }, tick) {
      if (tick >= 1) return Float32Array.from(around(h, height, width, [[0, 0]], mix, mixBias), Math.tanh);
      const marked = new Float32Array(height * width * (inputs + 1)).fill(1);
      for (let cell = 0; cell < height * width; cell++)
        marked.set(seen.subarray(cell * inputs, (cell + 1) * inputs), cell * (inputs + 1));
      return Float32Array.from(around(marked, height, width, seenIn, read, readBias), Math.tanh);
    },
    act: (h, { height, width }) => around(h, height, width, [[0, 0]], out, outBias),
  };
}
