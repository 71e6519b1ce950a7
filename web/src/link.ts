/** What a bench shows as the fragment of an address, which no browser sends anywhere; read as strictly as any file of strangers. */

import { type Level, LARGEST, type World } from "./level";

const PREFIX = "#bench:";
const LONGEST = 1_400;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const MOST_AGENTS = 1000;
const MOST_TICKS = 10_000;
/** Seeds of episodes run from 0 to below this number. */
export const SEEDS = 1_000_000;

/** A level with its start, an agent, a tick (null: the last), a step of its episode, and what is shown: every agent, or one beside another. */
export interface Linked {
  readonly level: Level;
  readonly start: number;
  readonly agent: number;
  readonly tick: number | null;
  /** Of episodes: the step that is looked at, the seed of the actions, and the heading at the start. */
  readonly step: number;
  readonly seed: number;
  readonly heading: number;
  readonly view: "each" | "compare";
  /** The agent that is compared with; null: the same on the level `before` the edit. */
  readonly other: number | null;
  readonly before: Level | null;
}

/** Whether a fragment means to be one of a bench; others are those of sections. */
export const isLink = (fragment: string): boolean => fragment.startsWith(PREFIX);

/** The cells of a level as one number in base 64: a digit of a number system with as many digits as there are brushes for each. */
function packed(world: World, level: Level): string {
  let number = level.cells.reduce((sum, cell) => sum * BigInt(world.brushes.length) + BigInt(cell), 0n);
  let text = "";
  for (; number > 0n; number /= 64n) text = DIGITS[Number(number % 64n)] + text;
  return text || DIGITS[0];
}

function unpacked(world: World, text: string, height: number, width: number): Uint8Array {
  const base = BigInt(world.brushes.length);
  let number = [...text].reduce((sum, digit) => sum * 64n + BigInt(DIGITS.indexOf(digit)), 0n);
  const cells = new Uint8Array(height * width);
  for (let cell = cells.length - 1; cell >= 0; cell--, number /= base) cells[cell] = Number(number % base);
  if (number > 0n) throw new Error("there are more cells in it than its size says");
  return cells;
}

/** The fragment of what is shown. */
export function printLink(world: World, shown: Linked): string {
  const { level, start, agent, tick, step, seed, heading, view, other, before } = shown;
  const written = (one: Level): string => `${one.height}x${one.width}.${packed(world, one)}`;
  const parts = [
    `level=${written(level)}`,
    `start=${start}`,
    `agent=${agent}`,
    ...(tick === null ? [] : [`tick=${tick}`]),
    ...Object.entries({ step, seed, heading }).flatMap(([name, value]) => (value ? [`${name}=${value}`] : [])),
    ...(view === "compare" ? ["view=compare"] : []),
    ...(view === "compare" && other !== null ? [`with=${other}`] : []),
    ...(view === "compare" && other === null && before !== null ? [`before=${written(before)}`] : []),
  ];
  return PREFIX + parts.join("&");
}

function levelOf(world: World, text: string): Level {
  const size = /^(\d{1,2})x(\d{1,2})\.([\w-]{1,540})$/.exec(text);
  if (!size) throw new Error("its level cannot be read");
  const [height, width] = [Number(size[1]), Number(size[2])];
  if (height < 1 || width < 1 || height > LARGEST || width > LARGEST) throw new Error("its level is of a size that is not shown");
  return { height, width, cells: unpacked(world, size[3], height, width) };
}

/** What `printLink` wrote; an `Error` that says what is wrong. `agents`: how many there are. */
export function readLink(world: World, agents: number, fragment: string): Linked {
  if (!isLink(fragment) || fragment.length > LONGEST) throw new Error("it is no link to a level, or too long");
  const given = new Map<string, string>();
  for (const part of fragment.slice(PREFIX.length).split("&")) {
    const found = /^(level|before|start|agent|tick|step|seed|heading|view|with)=([\w.-]{1,560})$/.exec(part);
    if (!found || given.has(found[1])) throw new Error("a part of it is unknown, or there twice");
    given.set(found[1], found[2]);
  }
  const text = given.get("level");
  if (text === undefined) throw new Error("there is no level in it");
  const level = levelOf(world, text);
  const earlier = given.get("before");
  const view = given.get("view") ?? "each";
  if (view !== "each" && view !== "compare") throw new Error("its view is unknown");
  const number = (name: string, below: number): number | null => {
    const text = given.get(name);
    if (text === undefined) return null;
    if (!/^(0|[1-9]\d{0,5})$/.test(text) || Number(text) >= below) throw new Error(`its ${name} is not there`);
    return Number(text);
  };
  return {
    level,
    start: number("start", level.height * level.width) ?? 0,
    agent: number("agent", Math.min(agents, MOST_AGENTS)) ?? 0,
    tick: number("tick", MOST_TICKS),
    step: number("step", MOST_TICKS) ?? 0,
    seed: number("seed", SEEDS) ?? 0,
    heading: number("heading", Math.max(1, world.headings.length)) ?? 0,
    view,
    other: number("with", Math.min(agents, MOST_AGENTS)),
    before: earlier === undefined ? null : levelOf(world, earlier),
  };
}
