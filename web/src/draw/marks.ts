/** A level as marks in drawing order, the same as `mesascope.drawing.marks` makes; a test compares both. */

import { isThing, type Level, type World } from "../level";

export const CELL = 24;
export const MARGIN = 3;

/** An SVG element: its name, its attributes, and its text. */
export interface Mark {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text?: string;
}

export interface Scene {
  readonly world: World;
  readonly level: Level;
  /** Probability of each action in each cell. */
  readonly policy?: Float64Array | undefined;
  readonly values?: Float64Array | undefined;
  readonly path?: readonly number[] | undefined;
}

type Point = readonly [number, number];

const UNDECIDED = 0.04;
const number = (value: number): string => value.toFixed(1).replace(/\.0$/, "");
const row = (level: Level, cell: number): number => Math.floor(cell / level.width) + 1;
const column = (level: Level, cell: number): number => (cell % level.width) + 1;

/** The middle of a cell. */
export const center = (level: Level, cell: number): Point => [
  (column(level, cell) + 0.5) * CELL,
  (row(level, cell) + 0.5) * CELL,
];

/** Width and height of a picture. */
export const extent = (level: Level): Point => [
  (level.width + 2) * CELL + 2 * MARGIN,
  (level.height + 2) * CELL + 2 * MARGIN,
];

function mark(tag: string, classes: string, given: Record<string, number | string>, opacity?: number, text?: string): Mark {
  const attributes: Record<string, string> = { class: classes.split(" ").map((word) => `ms-${word}`).join(" ") };
  if (opacity !== undefined) attributes.opacity = String(opacity);
  for (const [name, value] of Object.entries(given)) attributes[name] = typeof value === "string" ? value : number(value);
  return text === undefined ? { tag, attributes } : { tag, attributes, text };
}

const box = (classes: string, x: number, y: number, width: number, height: number, corner = 0, opacity?: number): Mark =>
  mark("rect", classes, { x, y, width, height, ...(corner ? { rx: corner } : {}) }, opacity);

export const disc = (classes: string, [x, y]: Point, r: number, opacity?: number): Mark =>
  mark("circle", classes, { cx: x, cy: y, r }, opacity);

export function lines(classes: string, paths: readonly (readonly Point[])[], opacity?: number, closed = false): Mark {
  const ends = (path: readonly Point[]): string => (closed ? "z" : path.length === 1 ? "h.1" : "");
  const d = paths.map((path) => `M${path.map(([x, y]) => `${number(x)} ${number(y)}`).join("L")}${ends(path)}`);
  return mark("path", classes, { d: d.join("") }, opacity);
}

/** Everything of a scene, in drawing order. */
export const drawn = (scene: Scene): Mark[] => [...ground(scene), ...episode(scene), ...things(scene)];

/** Walls, floor, values and policy. */
export function ground(scene: Scene): Mark[] {
  const { world, level } = scene;
  const floor = [...level.cells.keys()].filter((cell) => world.brushes[level.cells[cell]].shape !== "solid");
  const is = new Set(floor);
  // Free cells of a row that are neighbors are one rectangle.
  const begins = floor.filter((cell) => !(cell % level.width && is.has(cell - 1)));
  const runs = begins.map((cell): Point[] => {
    let end = cell + 1;
    while (end % level.width && is.has(end)) end++;
    const [x, y] = [column(level, cell) * CELL, row(level, cell) * CELL];
    const right = x + (end - cell) * CELL;
    return [[x, y], [right, y], [right, y + CELL], [x, y + CELL]];
  });
  const grid: Point[][] = [];
  for (const cell of floor) {
    const [x, y] = [(column(level, cell) + 1) * CELL, (row(level, cell) + 1) * CELL];
    if ((cell + 1) % level.width && is.has(cell + 1)) grid.push([[x, y - CELL], [x, y]]);
    if (is.has(cell + level.width)) grid.push([[x - CELL, y], [x, y]]);
  }
  return [
    box("solid", -MARGIN, -MARGIN, ...extent(level), 2 * MARGIN),
    lines("floor", runs, undefined, true),
    lines("grid", grid),
    ...heat(scene),
    ...arrows(scene),
  ];
}

const acting = ({ world, level }: Scene): number[] =>
  [...level.cells.keys()].filter((cell) => world.brushes[level.cells[cell]].shape === "free");

function heat(scene: Scene): Mark[] {
  const { level, values } = scene;
  if (!values) return [];
  const cells = acting(scene);
  const largest = Math.max(0, ...cells.map((cell) => Math.abs(values[cell])));
  if (largest === 0) return [];
  return cells.map((cell) => {
    const share = values[cell] / largest;
    const inset = share >= 0 ? 1 : 5;
    const [x, y] = [column(level, cell) * CELL + inset, row(level, cell) * CELL + inset];
    const opacity = Math.round(Math.abs(share) * 60) / 100;
    return box(share >= 0 ? "good" : "bad", x, y, CELL - 2 * inset, CELL - 2 * inset, 0, opacity);
  });
}

/** All arrows of one opacity as one mark; a dot where the policy is undecided. */
function arrows(scene: Scene): Mark[] {
  const { world, level, policy } = scene;
  if (!policy) return [];
  const actions = world.moves.length;
  const groups = new Map<string, { classes: string; opacity: number; paths: Point[][] }>();
  for (const cell of acting(scene)) {
    const chances = policy.subarray(cell * actions, (cell + 1) * actions);
    const action = chances.indexOf(Math.max(...chances));
    const strength = Math.min(1, Math.max(0, (chances[action] - 1 / actions) / (1 - 1 / actions)));
    const [down, right] = strength > UNDECIDED ? world.moves[action] : [0, 0];
    const still = down === 0 && right === 0;
    const opacity = still ? 0.4 : [0.4, 0.6, 0.8, 1][Math.min(3, Math.floor(strength * 4))];
    const classes = still ? "arrow dot" : "arrow";
    const key = `${classes} ${opacity}`;
    const group = groups.get(key) ?? { classes, opacity, paths: [] };
    groups.set(key, group);
    group.paths.push(...(still ? [[center(level, cell)]] : arrow(center(level, cell), down, right, strength)));
  }
  return [...groups.keys()].sort().map((key) => {
    const { classes, opacity, paths } = groups.get(key)!;
    return lines(classes, paths, opacity);
  });
}

/** Shaft and head of an arrow; the stronger the preference, the longer. */
function arrow([x, y]: Point, dy: number, dx: number, strength: number): Point[][] {
  const half = 3 + 4.5 * strength;
  const head = 2.5 + 1.5 * strength;
  const tip: Point = [x + dx * half, y + dy * half];
  const [backX, backY] = [tip[0] - dx * head, tip[1] - dy * head];
  return [
    [[x - dx * half, y - dy * half], tip],
    [[backX - dy * head, backY + dx * head], tip, [backX + dy * head, backY - dx * head]],
  ];
}

/** An episode, the agent at its start. */
export function episode(scene: Scene): Mark[] {
  const { world, level, path } = scene;
  if (!path?.length) return [];
  const last = path[path.length - 1];
  const radius = isThing(world.brushes[level.cells[last]]) ? 13 : 13 / 3;
  return [
    lines("path", [path.map((cell) => center(level, cell))], 0.75),
    disc("path end", center(level, last), radius),
    ...agent(center(level, path[0])),
  ];
}

/** The agent: a diamond with two eyes. */
export function agent([x, y]: Point): Mark[] {
  const r = 8.5;
  return [
    lines("agent", [[[x, y - r], [x + r, y], [x, y + r], [x - r, y]]], undefined, true),
    disc("eye", [x - 2.7, y - 0.5], 1.5),
    disc("eye", [x + 2.7, y - 0.5], 1.5),
  ];
}

/** Things with their letters. */
export function things({ world, level }: Scene): Mark[] {
  return [...level.cells.keys()].flatMap((cell) => {
    const brush = world.brushes[level.cells[cell]];
    return isThing(brush) ? thing(brush, center(level, cell)) : [];
  });
}

/** One thing around a point. */
export function thing(brush: { shape: string; color: string; letter: string }, [x, y]: Point): Mark[] {
  const top = y - CELL / 2;
  const base = /[A-Z]/.test(brush.letter) ? 18.5 : "gy".includes(brush.letter) ? 15 : brush.letter === "b" ? 17 : 16;
  const letter = mark("text", `letter on-${brush.color}`, { x, y: top + base }, undefined, brush.letter);
  if (brush.shape !== "arch") return [disc(brush.color, [x, y], 8.75), letter];
  const [half, shoulder, bottom] = [8.5, top + 2.5 + 8.5, top + 21.5];
  const arc = Array.from({ length: 13 }, (_, step): Point => {
    const angle = (Math.PI * step) / 12;
    return [x - half * Math.cos(angle), shoulder - half * Math.sin(angle)];
  });
  return [lines(brush.color, [[[x - half, bottom], ...arc, [x + half, bottom]]], undefined, true), letter];
}

/** What a picture shows, for readers who do not see it. */
export function words({ world, level }: Scene): string {
  const listed = [...level.cells.keys()]
    .filter((cell) => isThing(world.brushes[level.cells[cell]]))
    .map((cell) => `${world.brushes[level.cells[cell]].name} in row ${row(level, cell) + 1}, column ${column(level, cell) + 1}`);
  return `A level of ${level.height + 2} by ${level.width + 2} cells with ${listed.join(", ") || "no objects"}.`;
}
