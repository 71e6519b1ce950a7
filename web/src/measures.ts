/** Numbers by which levels are sorted: how much an agent loses there, how much agents disagree, how little a planner foresees. */

import { difference } from "./difference";
import { isThing, type Level, successors, type World } from "./level";

const CONVERGED = 1e-10;
const MOST_SWEEPS = 5000;
/** Temperature of the planner in `surprise`: a return lower by this much is taken e times less often. */
export const TEMPERATURE = 0.05;

const acting = (world: World, level: Level): number[] =>
  [...level.cells.keys()].filter((cell) => world.brushes[level.cells[cell]].shape === "free");

/** The best discounted returns by the intended goal after each action, `[cell * actions + action]`, and from each cell. */
export function best(world: World, level: Level): { actions: Float64Array; values: Float64Array } {
  const count = world.moves.length;
  const next = successors(world, level);
  const cells = acting(world, level);
  const values = new Float64Array(level.cells.length);
  const actions = new Float64Array(level.cells.length * count);
  for (let sweep = 0, moved = Infinity; moved >= CONVERGED && sweep < MOST_SWEEPS; sweep++) {
    moved = 0;
    for (const cell of cells) {
      let most = -Infinity;
      for (let action = 0; action < count; action++) {
        const to = next[cell * count + action];
        const brush = world.brushes[level.cells[to]];
        const earned = isThing(brush) ? brush.worth : world.discount * values[to];
        actions[cell * count + action] = earned;
        most = Math.max(most, earned);
      }
      moved = Math.max(moved, Math.abs(most - values[cell]));
      values[cell] = most;
    }
  }
  return { actions, values };
}

const mean = (numbers: readonly number[]): number =>
  numbers.length ? numbers.reduce((sum, value) => sum + value, 0) / numbers.length : 0;

/** What is lost of the best return by the intended goal: its mean over the free cells. */
export function regret(world: World, level: Level, values: Float64Array): number {
  const most = best(world, level).values;
  return mean(acting(world, level).map((cell) => most[cell] - values[cell]));
}

/** Mean distance between the policies of agents, over their pairs and over the free cells. */
export function disagreement(world: World, level: Level, policies: readonly Float64Array[]): number {
  const pairs = policies.flatMap((one, at) => policies.slice(at + 1).map((other) => [one, other] as const));
  return mean(pairs.map((pair) => difference(world, [level, level], pair)?.mean ?? 0));
}

/**
 * Bits by which a planner for the intended goal, which takes actions by the softmax of what they earn at `TEMPERATURE`, fails to
 * foresee the agent: the mean over the free cells of the divergence of the agent's policy from the planner's.
 */
export function surprise(world: World, level: Level, policy: Float64Array): number {
  const count = world.moves.length;
  const earned = best(world, level).actions;
  return mean(
    acting(world, level).map((cell) => {
      const logits = earned.subarray(cell * count, (cell + 1) * count).map((value) => value / TEMPERATURE);
      const most = Math.max(...logits);
      const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) + most;
      const chances = policy.subarray(cell * count, (cell + 1) * count);
      return chances.reduce((bits, p, action) => bits + (p > 0 ? p * (Math.log(p) - logits[action] + total) : 0), 0) / Math.LN2;
    }),
  );
}
