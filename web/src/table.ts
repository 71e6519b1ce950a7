/** Policies and values as CSV, a line for each cell of each board; episodes, a line for each step. */

import type { Answer } from "./answers";
import type { Episode } from "./episode";
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

/** The steps of the episodes of boards, and where each ends, a heading first; boards without an episode are left out. */
export function stepTable(world: World, boards: readonly { title: string; level: Level; episode: Episode | null }[]): string {
  const heads = ["board", "step", "row", "column", "heading", "action", ...world.actions.map((action) => `p(${action})`), "touched"];
  const lines = [heads.map(field)];
  for (const { title, level, episode } of boards) {
    if (!episode) continue;
    const line = (step: number, cell: number, heading: number | null, rest: readonly string[]): void => {
      const [row, column] = [Math.floor(cell / level.width) + 2, (cell % level.width) + 2];
      lines.push([field(title), String(step), String(row), String(column), field(heading === null ? "" : world.headings[heading]), ...rest]);
    };
    episode.steps.forEach(({ cell, heading, probabilities, action }, at) =>
      line(at + 1, cell, heading, [field(world.actions[action]), ...probabilities.map((chance) => chance.toFixed(6)), ""]));
    line(episode.steps.length + 1, episode.end_cell, episode.end_heading, ["", ...world.actions.map(() => ""), field(episode.touched ?? "")]);
  }
  return lines.map((line) => line.join(",")).join("\n") + "\n";
}
