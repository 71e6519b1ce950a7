/** What the bench shows, as one value; every gesture makes a new one. */

import { begin, type History, push } from "../history";
import { type Level, free, isThing, same, type World } from "../level";
import { nearestFree } from "../policy";

/** The level that is looked at, and, while the inside is edited, the level that is written inside. */
export interface Scenario {
  readonly level: Level;
  readonly inside: Level | null;
  /** The cell that episodes begin in. */
  readonly start: number;
}

/** What a gesture on the board does: move things and the agent, or paint with a brush. */
export type Tool = "move" | number;

/** What an agent is compared with: another one by its number, or itself on the level before the edit. */
export type Other = number | "before";

export interface View {
  readonly history: History<Scenario>;
  /** Every agent on one level, or two policies and their difference. */
  readonly mode: "each" | "compare";
  readonly other: Other;
  /** The level before the edit: the one that was begun from, or that was kept. */
  readonly before: Level;
  readonly tool: Tool;
  readonly overlay: "none" | "value" | number;
  /** State that is shown; null: the last. */
  readonly tick: number | null;
  /** Step of the episodes that is looked at, of agents that are followed in episodes. */
  readonly step: number;
  /** Seed of their actions. */
  readonly seed: number;
  /** The heading that they start with. */
  readonly heading: number;
  /** Number of the agent whose inside is looked at. */
  readonly agent: number;
  readonly first: number;
  readonly radius: number;
  readonly sustained: boolean;
}

/** A scenario on a level, its episode beginning at the free cell nearest to `start`. */
export function scenario(world: World, level: Level, start: number): Scenario {
  return { level, inside: null, start: nearestFree(world, level, start) ?? 0 };
}

/** The level that gestures change: what is written inside, where the inside is edited. */
export const edited = (now: Scenario): Level => now.inside ?? now.level;

/** The scenario with the level that gestures change replaced; the start gives way to what was put on it. */
export function change(world: World, now: Scenario, level: Level): Scenario {
  if (now.inside) return { ...now, inside: level };
  const size = level.width === now.level.width && level.height === now.level.height;
  const start = size ? now.start : 0;
  return { ...now, level, start: nearestFree(world, level, start) ?? 0 };
}

/** A gesture that is complete; nothing is kept of one that changed nothing. */
export function commit(view: View, before: Scenario, after: Scenario): View {
  const unchanged =
    same(before.level, after.level) &&
    before.start === after.start &&
    (before.inside === after.inside || (before.inside && after.inside && same(before.inside, after.inside)));
  const history = { ...view.history, now: before };
  return { ...view, history: unchanged ? history : push(history, after) };
}

/** The view on another level to begin from, which is also the one before the edit. */
export function begun(view: View, now: Scenario): View {
  return { ...commit(view, view.history.now, now), before: now.level };
}

export function fresh(now: Scenario): View {
  return { history: begin(now), mode: "each", other: "before", before: now.level, tool: "move", overlay: "none", tick: null, step: 0, seed: 0, heading: 0, agent: 0, first: 2, radius: 1, sustained: false };
}

/** The brush that a stroke paints with: over a cell that has it already, it takes it away. */
export function stroke(world: World, level: Level, cell: number, brush: number): number {
  return level.cells[cell] === brush ? free(world) : brush;
}

/** Whether something in a cell can be picked up. */
export const movable = (world: World, level: Level, cell: number): boolean => isThing(world.brushes[level.cells[cell]]);
