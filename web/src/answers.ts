/** What an agent does on a level: everything that a board shows of it. */

import type { Agent, State } from "./agents/agent";
import { isThing, type Level, type World } from "./level";
import { path, softmax, values } from "./policy";

export interface Answer {
  readonly policy: Float64Array;
  readonly values: Float64Array;
  readonly path: readonly number[];
}

/** What follows from a state of an agent on a level. */
export function answer(world: World, agent: Agent, level: Level, state: State, start: number): Answer {
  const policy = softmax(agent.act(state, level), world.moves.length);
  return { policy, values: values(world, level, policy), path: path(world, level, policy, start) };
}

/** `reaches the red door in 7 steps`, or that it circles. */
export function outcome(world: World, level: Level, cells: readonly number[]): string {
  const end = world.brushes[level.cells[cells[cells.length - 1]]];
  const steps = cells.length - 1;
  if (isThing(end)) return `reaches the ${end.name} in ${steps} ${steps === 1 ? "step" : "steps"}`;
  return "reaches nothing: it comes back to where it was";
}
