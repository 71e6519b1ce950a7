/** In what two policies differ: two agents on one level, or one agent before and after a level was edited. */

import type { Level, World } from "./level";

export interface Difference {
  /** Cell by cell, half the sum of the absolute differences of the probabilities: 0 for the same, 1 for no action in common. */
  readonly distance: Float64Array;
  /** Cells in which the likeliest actions differ. */
  readonly turned: readonly number[];
  /** Cells that are free in both levels; elsewhere nothing is compared. */
  readonly compared: readonly number[];
  /** Mean distance over the cells that are compared. */
  readonly mean: number;
}

/** The difference of two policies; null where their levels differ in size. */
export function difference(
  world: World,
  [one, other]: readonly [Level, Level],
  [first, second]: readonly [Float64Array, Float64Array],
): Difference | null {
  if (one.width !== other.width || one.height !== other.height) return null;
  const actions = world.moves.length;
  const compared = [...one.cells.keys()].filter((cell) =>
    [one, other].every((level) => world.brushes[level.cells[cell]].shape === "free"),
  );
  const distance = new Float64Array(one.cells.length);
  const turned: number[] = [];
  for (const cell of compared) {
    const [a, b] = [first, second].map((policy) => policy.subarray(cell * actions, (cell + 1) * actions));
    distance[cell] = a.reduce((sum, chance, action) => sum + Math.abs(chance - b[action]), 0) / 2;
    if (a.indexOf(Math.max(...a)) !== b.indexOf(Math.max(...b))) turned.push(cell);
  }
  const sum = compared.reduce((total, cell) => total + distance[cell], 0);
  return { distance, turned, compared, mean: compared.length ? sum / compared.length : 0 };
}
