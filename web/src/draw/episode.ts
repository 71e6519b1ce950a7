/** An episode on a level, and the agent in one step of it. */

import { type Episode, cellsOf, standing, within } from "../episode";
import { isThing, type Level, type World } from "../level";
import { agent, CELL, center, disc, ground, lines, type Mark, things } from "./marks";

/** The level with the whole path faintly, the part that was gone already, and the agent with its heading. */
export function drawnEpisode(world: World, level: Level, episode: Episode, step: number): Mark[] {
  const cells = cellsOf(episode);
  const centers = cells.map((cell) => center(level, cell));
  const gone = centers.slice(0, within(episode, step) + 1);
  const { cell, heading } = standing(episode, step);
  const [x, y] = center(level, cell);
  return [
    ...ground({ world, level }),
    lines("path", [centers], 0.3),
    ...(gone.length > 1 ? [lines("path", [gone], 0.75)] : []),
    disc("path end", center(level, episode.end_cell), isThing(world.brushes[level.cells[episode.end_cell]]) ? 13 : 13 / 3),
    ...agent([x, y]),
    ...(heading === null ? [] : [beak([x, y], world.moves[heading])]),
    ...things({ world, level }),
  ];
}

/** A beak that points where the agent looks. */
function beak([x, y]: readonly [number, number], [down, right]: readonly [number, number]): Mark {
  const [tip, base, half] = [CELL / 2, 6, 5];
  const side = (sign: number): [number, number] => [x + right * base - sign * down * half, y + down * base + sign * right * half];
  return lines("agent", [[[x + right * tip, y + down * tip], side(1), side(-1)]], undefined, true);
}
