/** What follows from an agent's preferences on a level: probabilities, values, and where it goes. */

import { isThing, type Level, solid, successors, type World } from "./level";

/** Probabilities of the actions, `[cell * actions + action]`: the softmax of preferences. */
export function softmax(logits: Float64Array, actions: number): Float64Array {
  const policy = new Float64Array(logits.length);
  for (let from = 0; from < logits.length; from += actions) {
    const row = logits.subarray(from, from + actions);
    const most = Math.max(...row);
    const powers = row.map((value) => Math.exp(value - most));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, action) => (policy[from + action] = power / sum));
  }
  return policy;
}

const CONVERGED = 1e-10;
const MOST_SWEEPS = 5000;

/** The discounted return by the intended goal from every cell, if one acts by `policy`: 0 in walls and where an episode is over. */
export function values(world: World, level: Level, policy: Float64Array): Float64Array {
  const actions = world.moves.length;
  const next = successors(world, level);
  const acting = [...level.cells.keys()].filter((cell) => world.brushes[level.cells[cell]].shape === "free");
  const value = new Float64Array(level.cells.length);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let moved = 0;
    for (const cell of acting) {
      let sum = 0;
      for (let action = 0; action < actions; action++) {
        const to = next[cell * actions + action];
        const brush = world.brushes[level.cells[to]];
        const earned = isThing(brush) ? brush.worth : world.discount * value[to];
        sum += policy[cell * actions + action] * earned;
      }
      moved = Math.max(moved, Math.abs(sum - value[cell]));
      value[cell] = sum;
    }
    if (moved < CONVERGED) break;
  }
  return value;
}

/** Cells of one episode by the likeliest actions, both ends included. It is over where a thing is touched or a cell comes again. */
export function path(world: World, level: Level, policy: Float64Array, start: number): number[] {
  const actions = world.moves.length;
  const next = successors(world, level);
  const cells = [start];
  const been = new Set(cells);
  for (;;) {
    const here = cells[cells.length - 1];
    if (isThing(world.brushes[level.cells[here]])) return cells;
    const row = policy.subarray(here * actions, (here + 1) * actions);
    const to = next[here * actions + row.indexOf(Math.max(...row))];
    cells.push(to);
    if (been.has(to)) return cells;
    been.add(to);
  }
}

/** Cells from which some cell of `targets` can be reached without touching a thing on the way, the targets included. */
export function reaching(world: World, level: Level, targets: readonly number[]): Set<number> {
  const actions = world.moves.length;
  const next = successors(world, level);
  const found = new Set(targets);
  for (let grew = true; grew; ) {
    grew = false;
    for (let cell = 0; cell < level.cells.length; cell++) {
      if (found.has(cell) || world.brushes[level.cells[cell]].shape !== "free") continue;
      for (let action = 0; action < actions && !found.has(cell); action++)
        if (found.has(next[cell * actions + action])) {
          found.add(cell);
          grew = true;
        }
    }
  }
  return found;
}

/** The free cell nearest to a cell, itself first; null where there is none. */
export function nearestFree(world: World, level: Level, cell: number): number | null {
  const away = (other: number): number =>
    Math.abs(Math.floor(other / level.width) - Math.floor(cell / level.width)) +
    Math.abs((other % level.width) - (cell % level.width));
  const open = [...level.cells.keys()].filter((at) => world.brushes[level.cells[at]].shape === "free");
  return open.length ? open.reduce((best, at) => (away(at) < away(best) ? at : best)) : null;
}

export const isWall = (world: World, level: Level, cell: number): boolean => level.cells[cell] === solid(world);
