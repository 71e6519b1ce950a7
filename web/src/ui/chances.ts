/** How likely each action was in one step, and which was taken. */

import { el } from "../draw/dom";

export interface Chances {
  readonly element: HTMLElement;
  /** `taken`: the number of the action; null where nothing is known, and nothing is shown then. */
  draw(probabilities: readonly number[], taken: number | null): void;
}

export function chances(actions: readonly string[]): Chances {
  const rows = actions.map((name) => {
    const meter = el("meter", { min: 0, max: 1, "aria-label": `probability of ${name}` });
    const told = el("span");
    return { meter, told, element: el("li", {}, el("span", {}, name), meter, told) };
  });
  const element = el("ul", { class: "chances", hidden: true, "aria-label": "Probabilities of the actions in this step" }, ...rows.map((one) => one.element));
  return {
    element,
    draw(probabilities, taken) {
      element.hidden = taken === null;
      rows.forEach(({ meter, told, element: row }, action) => {
        const chance = probabilities[action] ?? 0;
        meter.value = chance;
        told.textContent = `${(100 * chance).toFixed(1)} %${action === taken ? ", taken" : ""}`;
        row.classList.toggle("taken", action === taken);
      });
    },
  };
}
