/** Edits of the inside by donor patches: what `mesascope.instruments.interventions.recorded` does on one level. */

import { type Agent, record, type Size, type State } from "./agents/agent";
import { isThing, type Level, observe, type World } from "./level";

/** Where and when the inside is written: from a state on, in squares of a radius, once or in every later state too. */
export interface Place {
  readonly first: number;
  readonly radius: number;
  readonly sustained: boolean;
}

const distance = (a: number, b: number, width: number): number =>
  Math.max(Math.abs(Math.floor(a / width) - Math.floor(b / width)), Math.abs((a % width) - (b % width)));

/** For each cell that is written, the donor's cell that it is taken from. Donor cells beyond the edge are clipped to it. */
export function patch(centers: readonly number[], targets: readonly number[], radius: number, size: Size): Map<number, number> {
  const { height, width } = size;
  const found = new Map<number, number>();
  for (let cell = 0; cell < height * width; cell++) {
    const away = targets.map((target) => distance(cell, target, width));
    const nearest = away.indexOf(Math.min(...away));
    if (!(away[nearest] <= radius)) continue;
    const row = Math.floor(cell / width) + Math.floor(centers[nearest] / width) - Math.floor(targets[nearest] / width);
    const column = (cell % width) + (centers[nearest] % width) - (targets[nearest] % width);
    const clip = (value: number, beyond: number): number => Math.min(Math.max(value, 0), beyond - 1);
    found.set(cell, clip(row, height) * width + clip(column, width));
  }
  return found;
}

/** The states of an agent on a level from `place.first` on, with a donor's cells written into them; earlier ones are those of `base`. */
export function edited(
  agent: Agent,
  seen: Float32Array,
  size: Size,
  base: readonly State[],
  donor: readonly State[],
  cells: ReadonlyMap<number, number>,
  place: Place,
): State[] {
  const { channels } = agent;
  const write = (state: State, tick: number): State => {
    const written = state.slice();
    for (const [to, from] of cells)
      written.set(donor[tick].subarray(from * channels, (from + 1) * channels), to * channels);
    return written;
  };
  const states = [...base.slice(0, place.first), write(base[place.first], place.first)];
  for (let tick = place.first; tick < agent.ticks; tick++) {
    const next = agent.think(states[tick], seen, size, tick);
    states.push(place.sustained ? write(next, tick + 1) : next);
  }
  return states;
}

/** Cells in which two levels of one size differ. */
export const changes = (before: Level, after: Level): number[] =>
  [...before.cells.keys()].filter((cell) => before.cells[cell] !== after.cells[cell]);

/**
 * As many wrong places as there are centers: free cells in both levels, away from every thing and from what changed; spread by
 * a fixed rule, so that the same edit has the same control. Empty where there are too few.
 */
export function elsewhere(world: World, before: Level, after: Level, centers: readonly number[]): number[] {
  const taken = [...centers];
  for (const level of [before, after])
    level.cells.forEach((brush, cell) => isThing(world.brushes[brush]) && taken.push(cell));
  const open = [...before.cells.keys()].filter(
    (cell) =>
      world.brushes[before.cells[cell]].shape === "free" &&
      world.brushes[after.cells[cell]].shape === "free" &&
      taken.every((other) => distance(cell, other, before.width) > 1),
  );
  if (open.length < centers.length) return [];
  return centers.map((_, at) => open[Math.floor(((at + 0.5) * open.length) / centers.length)]);
}

/** All states of an agent on a level that it looks at. */
export const run = (world: World, agent: Agent, level: Level): State[] => record(agent, observe(world, level), level);

/** An edit of the inside beside its control and its ceiling, each as all states of a run. */
export interface Trial {
  readonly base: readonly State[];
  readonly edited: readonly State[];
  /** The same content at a wrong place; null where a level has no room for it. */
  readonly control: readonly State[] | null;
  /** What the agent does when the level itself is changed. */
  readonly ceiling: readonly State[];
  readonly cells: ReadonlyMap<number, number>;
  readonly wrong: ReadonlyMap<number, number>;
}

/** Write into the state on `before` what the state would be on `after`, around every cell in which the two differ. */
export function tryEdit(world: World, agent: Agent, before: Level, after: Level, place: Place): Trial {
  const centers = changes(before, after);
  const [base, ceiling] = [before, after].map((level) => run(world, agent, level));
  const seen = observe(world, before);
  const cells = patch(centers, centers, place.radius, before);
  const away = elsewhere(world, before, after, centers);
  const wrong = away.length ? patch(centers, away, place.radius, before) : new Map<number, number>();
  const made = (where: ReadonlyMap<number, number>): State[] => edited(agent, seen, before, base, ceiling, where, place);
  return { base, edited: made(cells), control: away.length ? made(wrong) : null, ceiling, cells, wrong };
}

/**
 * Of the free cells in which the changed level makes the agent's likeliest action another one, how many a policy agrees with it,
 * and how many there are.
 */
export function followed(
  world: World,
  [before, after]: readonly [Level, Level],
  [base, ceiling, policy]: readonly [Float64Array, Float64Array, Float64Array],
): { follow: number; of: number } {
  const actions = world.moves.length;
  const likeliest = (table: Float64Array, cell: number): number => {
    const row = table.subarray(cell * actions, (cell + 1) * actions);
    return row.indexOf(Math.max(...row));
  };
  let follow = 0;
  let of = 0;
  for (let cell = 0; cell < before.cells.length; cell++) {
    const acts = [before, after].every((level) => world.brushes[level.cells[cell]].shape === "free");
    if (!acts || likeliest(base, cell) === likeliest(ceiling, cell)) continue;
    of += 1;
    if (likeliest(policy, cell) === likeliest(ceiling, cell)) follow += 1;
  }
  return { follow, of };
}
