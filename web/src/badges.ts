/** What is said of a level that somebody drew: whether its goal can be reached, and whether it is like those of a distribution. */

import { isThing, type Level, solid, tooMany, type World } from "./level";
import { reaching } from "./policy";

/** What the levels of a distribution, as far as they were looked at, have in common. */
export interface Kin {
  readonly name: string;
  readonly levels: number;
  readonly height: number;
  readonly width: number;
  /** Row by row: `#` where every level has a wall, `.` where none has, `?` elsewhere. */
  readonly walls: string;
  /** The letters of the things that some level holds together, each in alphabetical order. */
  readonly things: readonly string[];
  /** Fewest and most free cells. */
  readonly free: readonly [number, number];
  /** Whether the free cells of every level are connected. */
  readonly connected: boolean;
}

export interface Badge {
  readonly tone: "good" | "bad" | "open";
  readonly text: string;
  readonly why: string;
}

/** Whether a goal can be reached, and from how many of the free cells. */
export function solvable(world: World, level: Level): Badge {
  const crowded = tooMany(world, level);
  if (crowded) return { tone: "bad", text: "not a level", why: crowded };
  const goals = [...level.cells.keys()].filter((cell) => world.brushes[level.cells[cell]].worth > 0);
  const open = [...level.cells.keys()].filter((cell) => world.brushes[level.cells[cell]].shape === "free");
  if (!goals.length) return { tone: "bad", text: "no goal", why: "nothing here is worth anything by the intended goal" };
  const from = reaching(world, level, goals);
  const count = open.filter((cell) => from.has(cell)).length;
  const why = `a goal can be reached from ${count} of ${open.length} free cells`;
  if (count === open.length) return { tone: "good", text: "solvable", why };
  return count ? { tone: "open", text: "solvable in part", why } : { tone: "bad", text: "not solvable", why };
}

/** Of which of the distributions that were run the level could be one. Nothing is claimed beyond what is compared. */
export function resembles(world: World, level: Level, kin: readonly Kin[]): Badge {
  const reasons = kin.map((one) => ({ one, why: differs(world, level, one) }));
  const fits = reasons.filter((found) => found.why === null).map((found) => found.one.name);
  const training = reasons[0];
  if (!training) return { tone: "open", text: "not compared with training", why: "this page holds no levels of it" };
  const seen = `compared with ${training.one.levels} levels each: size, walls, what lies in them together, free cells`;
  if (fits[0] === training.one.name) return { tone: "good", text: "like training", why: seen };
  const far = `not like training: ${training.why}`;
  if (fits.length) return { tone: "open", text: `like ${fits.join(", ")}`, why: far };
  return { tone: "bad", text: "out of distribution", why: far };
}

/** The first way in which a level differs from all levels of a distribution that were looked at; null: none found. */
function differs(world: World, level: Level, kin: Kin): string | null {
  if (level.height !== kin.height || level.width !== kin.width)
    return `levels of ${kin.name} are ${kin.height + 2} by ${kin.width + 2}`;
  const letters = [...level.cells].map((cell) => world.brushes[cell]).filter(isThing).map((brush) => brush.letter);
  if (!kin.things.includes(letters.sort().join(""))) return `none of them holds ${named(world, letters)}`;
  const wall = solid(world);
  for (let cell = 0; cell < level.cells.length; cell++) {
    const is = level.cells[cell] === wall ? "#" : ".";
    const place = `row ${Math.floor(cell / level.width) + 2}, column ${(cell % level.width) + 2}`;
    if (kin.walls[cell] !== "?" && kin.walls[cell] !== is)
      return is === "#" ? `none of them has a wall in ${place}` : `all of them have a wall in ${place}`;
  }
  const count = level.cells.filter((cell) => cell !== wall).length;
  if (count < kin.free[0] || count > kin.free[1])
    return `they have ${kin.free[0]} to ${kin.free[1]} cells without a wall, this one ${count}`;
  return kin.connected && !connected(world, level) ? "all of their free cells are connected" : null;
}

function named(world: World, letters: readonly string[]): string {
  const names = letters.map((letter) => world.brushes.find((brush) => brush.letter === letter)?.name ?? letter);
  return names.length ? names.join(" and ") : "nothing";
}

/** Whether all cells without a wall hang together, things included. */
function connected(world: World, level: Level): boolean {
  const wall = solid(world);
  const open = [...level.cells.keys()].filter((cell) => level.cells[cell] !== wall);
  if (!open.length) return true;
  const found = new Set([open[0]]);
  const edge = [open[0]];
  for (let cell = edge.pop(); cell !== undefined; cell = edge.pop()) {
    const around = [
      cell - level.width,
      cell + level.width,
      ...(cell % level.width ? [cell - 1] : []),
      ...((cell + 1) % level.width ? [cell + 1] : []),
    ];
    for (const next of around)
      if (next >= 0 && next < level.cells.length && level.cells[next] !== wall && !found.has(next)) {
        found.add(next);
        edge.push(next);
      }
  }
  return found.size === open.length;
}
