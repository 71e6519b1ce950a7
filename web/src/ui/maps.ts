/** A site of an agent as maps, one small picture for each of its channels. */

import type { Size, State } from "../agents/agent";
import { el } from "../draw/dom";

const POSITIVE = [126, 87, 194];
const NEGATIVE = [193, 120, 50];

export interface Maps {
  readonly element: HTMLElement;
  draw(state: State, size: Size, channels: number, chosen: number | null): void;
}

/** Maps on one scale for all channels; a press on one chooses it. */
export function maps(choose: (channel: number) => void): Maps {
  const element = el("div", { class: "maps" });
  const made: { button: HTMLButtonElement; canvas: HTMLCanvasElement }[] = [];
  return {
    element,
    draw(state, { height, width }, channels, chosen) {
      while (made.length < channels) {
        const channel = made.length;
        const canvas = el("canvas", { "aria-hidden": "true" });
        const button = el("button", { type: "button", click: () => choose(channel) }, canvas, el("small", {}, String(channel)));
        made.push({ button, canvas });
        element.append(button);
      }
      const largest = Math.max(1e-9, ...state.map(Math.abs));
      made.forEach(({ button, canvas }, channel) => {
        button.hidden = channel >= channels;
        button.setAttribute("aria-pressed", String(channel === chosen));
        if (channel >= channels) return;
        let [low, high] = [Infinity, -Infinity];
        canvas.width = width;
        canvas.height = height;
        const context = canvas.getContext("2d");
        const image = context?.createImageData(width, height);
        for (let cell = 0; cell < height * width; cell++) {
          const value = state[cell * channels + channel];
          [low, high] = [Math.min(low, value), Math.max(high, value)];
          image?.data.set([...(value >= 0 ? POSITIVE : NEGATIVE), Math.round((255 * Math.abs(value)) / largest)], 4 * cell);
        }
        if (image) context?.putImageData(image, 0, 0);
        button.setAttribute("aria-label", `channel ${channel}, from ${low.toFixed(2)} to ${high.toFixed(2)}: shade the boards by it`);
        button.title = `channel ${channel}: ${low.toFixed(2)} to ${high.toFixed(2)}`;
      });
    },
  };
}
