/** Policies and values as CSV, a line for each cell of each board. */

import type { Answer } from "./answers";
import type { Level, World } from "./level";

/** Fields in quotes; one that a spreadsheet would take for a formula begins with an apostrophe. */
const field = (text: string): string => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** The lines, a heading first. Rows and columns count the border from 1; boards without a policy are left out. */
export function table(world: World, boards: readonly { title: string; level: Level; answer: Answer | null }[]): string {
  const lines = [["board", "row", "column", "cell", ...world.actions.map((action) => `p(${action})`), "value"].map(field)];
  for (const { title, level, answer } of boards) {
    if (!answer) continue;
    level.cells.forEach((brush, cell) => {
      const chances = answer.policy.subarray(cell * world.moves.length, (cell + 1) * world.moves.length);
      const free = world.brushes[brush].shape === "free";
      lines.push([
        field(title),
        String(Math.floor(cell / level.width) + 2),
        String((cell % level.width) + 2),
        field(world.brushes[brush].name),
        ...[...chances].map((chance) => (free ? chance.toFixed(6) : "")),
        free ? answer.values[cell].toFixed(6) : "",
      ]);
    });
  }
  return lines.map((line) => line.join(",")).join("\n") + "\n";
}
