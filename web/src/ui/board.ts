/** One board that a level is drawn on and that listens to pointer and keys. */

import { el, fit, picture, show } from "../draw/dom";
import { CELL, MARGIN, type Mark, words } from "../draw/marks";
import type { EpisodeStep } from "../episode";
import type { Level, World } from "../level";
import { chances } from "./chances";

/** What a board tells of: a press on a cell, the cell that the pointer went on to, its end, and a key in the cell of the cursor. */
export interface Gestures {
  press(cell: number): void;
  over(cell: number): void;
  release(): void;
  key(cell: number, key: string): boolean;
}

export interface Board {
  readonly element: HTMLElement;
  /** `named`: a title in place of the last one. */
  draw(level: Level, marks: readonly Mark[], caption: string, named?: string): void;
  /** What an episode adds below the caption: how likely each action was in a step, and why there are no arrows. */
  explain(step: EpisodeStep | null, why: string): void;
}

const editorOf = (title: string): string =>
  `${title}: level editor. Arrow keys move the cursor, Enter acts, letters paint.`;

/** A board under a title; without gestures it is a picture. */
export function board(world: World, title: string, gestures: Gestures | null): Board {
  let level: Level | null = null;
  let cursor = 0;
  let svg: SVGSVGElement | null = null;
  const caption = el("p", { class: "told" });
  const place = el("div", { class: "place" });
  const heading = el("figcaption", {}, title);
  const likely = chances(world.actions);
  const reason = el("p", { class: "told", hidden: true });
  const element = el("figure", { class: "board" }, heading, place, caption, likely.element, reason);
  if (gestures) listen(place, gestures);

  function listen(on: HTMLElement, heard: Gestures): void {
    on.tabIndex = 0;
    on.setAttribute("role", "application");
    on.setAttribute("aria-label", editorOf(title));
    on.addEventListener("pointerdown", (event) => {
      const cell = cellAt(event);
      if (cell === null || event.button !== 0) return;
      on.setPointerCapture(event.pointerId);
      event.preventDefault();
      on.focus({ preventScroll: true });
      cursor = cell;
      heard.press(cell);
    });
    on.addEventListener("pointermove", (event) => {
      const cell = on.hasPointerCapture(event.pointerId) ? cellAt(event) : null;
      if (cell !== null) heard.over(cell);
    });
    for (const end of ["pointerup", "pointercancel"] as const) on.addEventListener(end, () => heard.release());
    on.addEventListener("keydown", (event) => {
      if (!level || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { ArrowUp: -level.width, ArrowDown: level.width, ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step !== undefined) move(step);
      if (step !== undefined || heard.key(cursor, event.key)) event.preventDefault();
    });
  }

  function move(step: number): void {
    if (!level) return;
    const next = cursor + step;
    const wraps = Math.abs(step) === 1 && Math.floor(next / level.width) !== Math.floor(cursor / level.width);
    if (next < 0 || next >= level.cells.length || wraps) return;
    cursor = next;
    mark();
    place.setAttribute("aria-description", said(level, cursor));
  }

  function said(on: Level, cell: number): string {
    const brush = world.brushes[on.cells[cell]];
    return `row ${Math.floor(cell / on.width) + 2}, column ${(cell % on.width) + 2}: ${brush.name}`;
  }

  /** The cursor of the keyboard, which shows while the board has the focus. */
  function mark(): void {
    if (!svg || !level || !gestures) return;
    svg.querySelector(".ms-cursor")?.remove();
    const box = document.createElementNS(svg.namespaceURI, "rect") as SVGRectElement;
    const at = { x: (cursor % level.width) + 1, y: Math.floor(cursor / level.width) + 1 };
    const given = { class: "ms-cursor", x: at.x * CELL + 1, y: at.y * CELL + 1, width: CELL - 2, height: CELL - 2, rx: 3 };
    for (const [name, value] of Object.entries(given)) box.setAttribute(name, String(value));
    svg.append(box);
  }

  function cellAt(event: PointerEvent): number | null {
    if (!svg || !level) return null;
    const around = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / around.width;
    const column = Math.floor(((event.clientX - around.left) * scale - MARGIN) / CELL) - 1;
    const row = Math.floor(((event.clientY - around.top) * scale - MARGIN) / CELL) - 1;
    if (row < 0 || column < 0 || row >= level.height || column >= level.width) return null;
    return row * level.width + column;
  }

  return {
    element,
    draw(next, marks, text, named) {
      if (named !== undefined && named !== heading.textContent) {
        heading.textContent = named;
        if (gestures) place.setAttribute("aria-label", editorOf(named));
      }
      if (!svg) {
        svg = picture(next);
        place.append(svg);
      } else if (level && (level.height !== next.height || level.width !== next.width)) fit(svg, next);
      level = next;
      cursor = Math.min(cursor, next.cells.length - 1);
      show(svg, marks, words({ world, level: next }));
      mark();
      caption.textContent = text;
    },
    explain(step, why) {
      likely.draw(step?.probabilities ?? [], step?.action ?? null);
      reason.textContent = why;
      reason.hidden = why === "";
    },
  };
}
