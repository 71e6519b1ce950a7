/** A level as brushes in cells, and everything that can be done to it by hand. All functions leave their arguments as they are. */

/** What can be painted into a cell, as the world says: how it looks, what an agent is shown there, what entering it means. */
export interface Brush {
  readonly letter: string;
  readonly name: string;
  /** `solid` for what nobody can enter, `free` for an empty cell, else how a thing is drawn. */
  readonly shape: "solid" | "free" | "arch" | "disc";
  readonly color: string;
  /** The numbers of a map's channels in such a cell. */
  readonly shows: readonly number[];
  /** What entering the cell earns by the intended goal. */
  readonly worth: number;
  /** How many a level may hold of the kinds that share this group; null: any number. */
  readonly group: string;
  readonly most: number | null;
}

/** Rules of a world that a page needs to play in it. */
export interface World {
  readonly brushes: readonly Brush[];
  readonly actions: readonly string[];
  /** Rows and columns by which each action leads on; where there are headings, by which going forward does with each. */
  readonly moves: readonly (readonly [number, number])[];
  readonly discount: number;
  readonly legend: string;
  /** Ways in which an agent can look; none where it does not turn. */
  readonly headings: readonly string[];
}

/** The inside of a level, row by row, as numbers of brushes; the border is always solid and not stored. */
export interface Level {
  readonly height: number;
  readonly width: number;
  readonly cells: Uint8Array;
}

export const SMALLEST = 3;
export const LARGEST = 23;

const numberOf = (world: World, shape: Brush["shape"]): number => world.brushes.findIndex((brush) => brush.shape === shape);
export const solid = (world: World): number => numberOf(world, "solid");
export const free = (world: World): number => numberOf(world, "free");
export const isThing = (brush: Brush): boolean => brush.shape === "arch" || brush.shape === "disc";

/** A level from its text, border included; an `Error` that says what is wrong in which line. */
export function readLevel(world: World, text: string): Level {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const width = lines[0]?.length ?? 0;
  if (lines.length < 3 || width < 3) throw new Error("a level has at least 3 lines of 3 characters, its border of # included");
  if (lines.length - 2 > LARGEST || width - 2 > LARGEST)
    throw new Error(`a level has at most ${LARGEST + 2} lines of ${LARGEST + 2} characters`);
  const cells = new Uint8Array((lines.length - 2) * (width - 2));
  lines.forEach((line, row) => {
    if (line.length !== width) throw new Error(`line ${row + 1} has ${line.length} characters, the first one ${width}`);
    [...line].forEach((letter, column) => {
      const found = world.brushes.findIndex((brush) => brush.letter === letter);
      const border = row === 0 || column === 0 || row === lines.length - 1 || column === width - 1;
      if (found < 0) throw new Error(`line ${row + 1}, column ${column + 1}: nothing is written ${letter} here`);
      if (border && found !== solid(world)) throw new Error(`line ${row + 1}, column ${column + 1}: the border is #`);
      if (!border) cells[(row - 1) * (width - 2) + column - 1] = found;
    });
  });
  return { height: lines.length - 2, width: width - 2, cells };
}

/** The text that `readLevel` reads. */
export function printLevel(world: World, level: Level): string {
  const wall = world.brushes[solid(world)].letter;
  const edge = wall.repeat(level.width + 2);
  const rows = [];
  for (let row = 0; row < level.height; row++) {
    const line = [...level.cells.subarray(row * level.width, (row + 1) * level.width)];
    rows.push(wall + line.map((cell) => world.brushes[cell].letter).join("") + wall);
  }
  return [edge, ...rows, edge].join("\n");
}

/** Where there are more of a group than a level may hold: what to say of it; null where all is well. */
export function tooMany(world: World, level: Level): string | null {
  for (const { group, most } of world.brushes) {
    const count = level.cells.reduce((sum, cell) => sum + (world.brushes[cell].group === group ? 1 : 0), 0);
    if (most !== null && count > most) return `${count} of ${group}; a level holds at most ${most}`;
  }
  return null;
}

/**
 * The level with a brush in a cell. Where its group is full, the one of them that comes first makes way: a second door
 * is the first one, moved.
 */
export function paint(world: World, level: Level, cell: number, brush: number): Level {
  const cells = level.cells.slice();
  const { group, most } = world.brushes[brush];
  cells[cell] = brush;
  if (most !== null) {
    const others = [...cells.keys()].filter((at) => at !== cell && world.brushes[cells[at]].group === group);
    for (const at of others.slice(0, Math.max(0, others.length + 1 - most))) cells[at] = free(world);
  }
  return { ...level, cells };
}

/** The level with what is in one cell taken to another one. What was there is gone. */
export function drag(world: World, level: Level, from: number, to: number): Level {
  if (from === to) return level;
  const cells = level.cells.slice();
  cells[to] = cells[from];
  cells[from] = free(world);
  return { ...level, cells };
}

/** Left and right change places. */
export function mirror(level: Level): Level {
  const cells = level.cells.map((_, at) => level.cells[at - (at % level.width) + level.width - 1 - (at % level.width)]);
  return { ...level, cells };
}

/** A level of another size: cut at the right and the lower edge, or filled up with free cells. */
export function resize(world: World, level: Level, height: number, width: number): Level {
  const cells = new Uint8Array(height * width).fill(free(world));
  for (let row = 0; row < Math.min(height, level.height); row++)
    cells.set(level.cells.subarray(row * level.width, row * level.width + Math.min(width, level.width)), row * width);
  return { height, width, cells };
}

export const same = (a: Level, b: Level): boolean =>
  a.width === b.width && a.height === b.height && a.cells.every((cell, at) => cell === b.cells[at]);

/** What an agent is shown: the channels of every cell, cell after cell. */
export function observe(world: World, level: Level): Float32Array {
  const channels = world.brushes[0].shows.length;
  const seen = new Float32Array(level.cells.length * channels);
  level.cells.forEach((brush, cell) => seen.set(world.brushes[brush].shows, cell * channels));
  return seen;
}

/** The cell that each action leads to from each cell: `[cell * actions + action]`. Who walks into a wall stays. */
export function successors(world: World, level: Level): Int32Array {
  const wall = solid(world);
  const next = new Int32Array(level.cells.length * world.moves.length);
  for (let cell = 0; cell < level.cells.length; cell++) {
    const row = Math.floor(cell / level.width);
    const column = cell % level.width;
    world.moves.forEach(([down, right], action) => {
      const r = row + down;
      const c = column + right;
      const inside = r >= 0 && c >= 0 && r < level.height && c < level.width;
      const target = inside ? r * level.width + c : cell;
      next[cell * world.moves.length + action] = level.cells[target] === wall ? cell : target;
    });
  }
  return next;
}
