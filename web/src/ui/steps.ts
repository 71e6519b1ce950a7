/** Controls of agents that are followed in episodes: the step that is looked at, the seed of the actions, the heading at the start. */

import { el } from "../draw/dom";
import type { World } from "../level";
import { SEEDS } from "../link";
import type { View } from "./state";

export interface Steps {
  readonly element: HTMLElement;
  /** `longest`: moves of the longest episode shown; null where none is known yet. */
  draw(view: View, longest: number | null): void;
}

const EVERY = 250;

export function steps(world: World, get: () => View, update: (changed: Partial<View>) => void): Steps {
  let timer = 0;
  const still = (): void => clearInterval(timer);
  const step = el("input", { type: "range", min: 0, max: 0, "aria-label": "Step of the episode", input: () => {
    still();
    update({ step: Number(step.value) });
  } });
  const when = el("output");
  const play = el("button", { type: "button", title: "Play the episode", "aria-label": "Play the episode", click: () => {
    still();
    update({ step: 0 });
    timer = setInterval(() => {
      const next = get().step + 1;
      if (next >= Number(step.max)) still();
      update({ step: next });
    }, EVERY);
  } }, "\u25b6");
  const seed: HTMLInputElement = el("input", { type: "number", min: 0, max: SEEDS - 1, "aria-label": "Seed of the actions", change: () =>
    update({ seed: Math.max(0, Math.min(SEEDS - 1, Math.round(Number(seed.value)) || 0)), step: 0 }) });
  const heading = el("select", { "aria-label": "Heading at the start", change: () => update({ heading: Number(heading.value), step: 0 }) },
    ...world.headings.map((name, at) => el("option", { value: at }, name)));
  const element = el("div", { class: "row" },
    el("label", {}, play, " episode ", step, " ", when),
    el("label", {}, "seed of its actions ", seed),
    ...(world.headings.length ? [el("label", {}, "starts looking ", heading)] : []));
  return {
    element,
    draw(view, longest) {
      if (longest !== null) step.max = String(longest);
      const now = Math.min(view.step, Number(step.max));
      step.value = String(now);
      when.textContent = longest === null ? "" : now === longest ? "at the end" : `step ${now + 1} of ${longest}`;
      seed.value = String(view.seed);
      heading.value = String(view.heading);
    },
  };
}
