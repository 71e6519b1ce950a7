/** The row of tools: move, and a brush for each kind of cell. */

import { el, svgElement } from "../draw/dom";
import { agent, CELL, type Mark, thing } from "../draw/marks";
import { isThing, type World } from "../level";
import type { Tool } from "./state";

export interface Brushes {
  readonly element: HTMLElement;
  draw(tool: Tool): void;
}

export function brushes(world: World, choose: (tool: Tool) => void): Brushes {
  const tools: [Tool, string, Mark[]][] = [
    ["move", "move things and the agent", agent([CELL / 2, CELL / 2])],
    ...world.brushes.map((brush, at): [Tool, string, Mark[]] => {
      const plain: Mark = {
        tag: "rect",
        attributes: { class: brush.shape === "solid" ? "ms-solid" : "ms-floor", x: "2", y: "2", width: "20", height: "20", rx: "3" },
      };
      return [at, `${brush.name} (${brush.letter})`, isThing(brush) ? thing(brush, [CELL / 2, CELL / 2]) : [plain]];
    }),
  ];
  const buttons = tools.map(([tool, name, marks]) => {
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [key, value] of Object.entries({ class: "ms-level", viewBox: "0 0 24 24", width: "24", height: "24", "aria-hidden": "true" }))
      icon.setAttribute(key, value);
    icon.append(...marks.map(svgElement));
    const button = el("button", { type: "button", title: name, "aria-label": name, click: () => choose(tool) }, icon);
    return { tool, button };
  });
  const element = el("div", { class: "tools", role: "toolbar", "aria-label": "Tools" }, ...buttons.map(({ button }) => button));
  return {
    element,
    draw(tool) {
      for (const each of buttons) each.button.setAttribute("aria-pressed", String(each.tool === tool));
    },
  };
}
