/** What lies over a board while the inside is edited: the cells that are written, and what is written there. */

import { CELL, center, type Mark, thing } from "../draw/marks";
import { isThing, type Level, type World } from "../level";

/** Frames around the written cells, and what differs inside, faintly. */
export function dashed(world: World, level: Level, inside: Level, cells: Iterable<number>): Mark[] {
  const marks: Mark[] = [];
  for (const cell of cells) {
    const [x, y] = center(level, cell);
    const side = { width: String(CELL - 3), height: String(CELL - 3) };
    marks.push({ tag: "rect", attributes: { class: "ms-patch", x: String(x - CELL / 2 + 1.5), y: String(y - CELL / 2 + 1.5), ...side, rx: "3" } });
  }
  inside.cells.forEach((brush, cell) => {
    if (brush === level.cells[cell]) return;
    const drawn = world.brushes[brush];
    const faint = (mark: Mark): Mark => ({ ...mark, attributes: { ...mark.attributes, opacity: "0.55" } });
    if (isThing(drawn)) marks.push(...thing(drawn, center(level, cell)).map(faint));
    else if (drawn.shape === "solid") {
      const [x, y] = center(level, cell);
      const side = { width: String(CELL), height: String(CELL) };
      marks.push(faint({ tag: "rect", attributes: { class: "ms-solid", x: String(x - CELL / 2), y: String(y - CELL / 2), ...side } }));
    }
  });
  return marks;
}
