/** What an agent does on a level: everything that a board shows of it. */

import type { Agent, State } from "./agents/agent";
import { isThing, type Level, type World } from "./level";
import { path, softmax, values } from "./policy";

export interface Answer {
  readonly policy: Float64Array;
  readonly values: Float64Array;
  readonly path: readonly number[];
}

/** What follows from a policy on a level. */
export const following = (world: World, level: Level, policy: Float64Array, start: number): Answer => ({
  policy,
  values: values(world, level, policy),
  path: path(world, level, policy, start),
});

/** What follows from a state of an agent on a level. */
export const answer = (world: World, agent: Agent, level: Level, state: State, start: number): Answer =>
  following(world, level, softmax(agent.act(state, level), world.moves.length), start);

/** Where an episode ends: the name of a thing, or null where it comes back to where it was. */
export function end(world: World, level: Level, cells: readonly number[]): string | null {
  const last = world.brushes[level.cells[cells[cells.length - 1]]];
  return isThing(last) ? last.name : null;
}

/** `reaches the red door in 7 steps`, or that it circles. */
export function outcome(world: World, level: Level, cells: readonly number[]): string {
  const reached = end(world, level, cells);
  const steps = cells.length - 1;
  if (reached !== null) return `reaches the ${reached} in ${steps} ${steps === 1 ? "step" : "steps"}`;
  return "reaches nothing: it comes back to where it was";
}
