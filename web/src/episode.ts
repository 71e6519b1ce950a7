/** One episode of an agent whose policy is no table of cells, as a server answers it, and what is said of it. */

import type { Level, World } from "./level";

/** One move: where the agent was, how likely each action was, and which it took. `heading` is null where it does not turn. */
export interface EpisodeStep {
  readonly cell: number;
  readonly heading: number | null;
  readonly probabilities: readonly number[];
  readonly action: number;
}

/** What `mesascope.explorer.episodes` answers. */
export interface Episode {
  readonly steps: readonly EpisodeStep[];
  readonly end_cell: number;
  readonly end_heading: number | null;
  readonly ended: "touched" | "stopped" | "cut";
  readonly touched: string | null;
  readonly limit: number;
  /** Why the agent has no arrow in each cell. */
  readonly why: string;
}

/** Where an episode begins, and the seed of its actions. */
export interface Beginning {
  readonly cell: number;
  /** The number of a heading; 0 where agents do not turn. */
  readonly heading: number;
  readonly seed: number;
}

/** Cells of an episode, both ends included. */
export const cellsOf = (episode: Episode): number[] => [...episode.steps.map(({ cell }) => cell), episode.end_cell];

/** The number of a step that an episode has: its last one is its end. */
export const within = (episode: Episode, step: number): number => Math.min(step, episode.steps.length);

/** Where the agent is before a step, or at the end. */
export function standing(episode: Episode, step: number): { cell: number; heading: number | null } {
  const found = episode.steps[within(episode, step)];
  return found ?? { cell: episode.end_cell, heading: episode.end_heading };
}

/** `reaches the red door in 7 steps`, or how it ends otherwise. */
export function outcomeOf({ steps, ended, touched }: Episode): string {
  const count = `${steps.length} ${steps.length === 1 ? "step" : "steps"}`;
  if (ended === "touched") return touched === null ? `is at the end after ${count}` : `reaches the ${touched} in ${count}`;
  return ended === "stopped" ? `stops after ${count}` : `reaches nothing in ${count}, where the episode is cut`;
}

/** What is seen of a step: its number, the cell as the border is counted, the heading, and the action taken. */
export function stepWords(world: World, level: Level, episode: Episode, step: number): string {
  const number = within(episode, step);
  const { cell, heading } = standing(episode, number);
  const taken = episode.steps[number];
  const looks = heading === null ? "" : `, looking ${world.headings[heading]}`;
  const place = `row ${Math.floor(cell / level.width) + 2}, column ${(cell % level.width) + 2}${looks}`;
  return taken ? `step ${number + 1} of ${episode.steps.length}, in ${place}: takes ${world.actions[taken.action]}` : `the end, in ${place}`;
}
