/** The agents of a bench: those that run inside the page, and those that a server answers for, by policies or by episodes. */

import { type Agent, type AgentData, readAgent, type State } from "./agents/agent";
import { asking } from "./asking";
import type { Beginning, Episode } from "./episode";
import { run } from "./inside";
import { type Level, printLevel, type World } from "./level";
import { softmax } from "./policy";
import type { Server } from "./server";

export interface Player {
  readonly name: string;
  /** The agent itself where it runs inside the page; null where only its answers are known. */
  readonly inside: Agent | null;
  /** All states of a run on a level; none where only answers are known. */
  states(level: Level): readonly State[];
  /** Probabilities of the actions on a level after a tick (null: the last one); null where they are not known, or not yet. */
  policy(level: Level, tick: number | null): Float64Array | null;
  /** The policy on a level after the last tick, if it is known without asking anybody. */
  known(level: Level): Float64Array | null;
  /** Asks for several levels at once, where asking takes time. */
  prepare(levels: readonly Level[]): void;
  /** Whether it is followed in episodes: its policy is no table of cells, and is never known. */
  readonly episodic: boolean;
  /** An episode on a level, of a player that is followed in episodes; null where it is not known, or not yet. */
  episode(level: Level, from: Beginning): Episode | null;
  /** Why there is no policy for a level, or no episode; "" while it is asked for. */
  trouble(level: Level, from: Beginning): string;
  /** What is said while an answer is waited for. */
  waiting(): string;
}

/** Levels whose runs are kept, so that ticks can be looked through. */
const RUNS = 4;
const SERVED = "served";
export const EPISODIC = "episodic";
/** Levels that a server is asked about at once. */
const TOGETHER = 16;

/** An agent as a page holds it; `id` is what a server calls it. */
export interface Given {
  readonly name: string;
  readonly agent: AgentData;
  readonly id?: string;
}

/** A player from the data of a page; an `Error` for an agent that neither the page nor a server can ask. `changed` hears of each answer. */
export function player(world: World, given: Given, changed: () => void): Player {
  const { kind } = given.agent;
  if (kind !== SERVED && kind !== EPISODIC) return local(world, given.name, readAgent(given.agent));
  const server = globalThis.mesascopeServer;
  if (!server || given.id === undefined) throw new Error("an agent that a server answers for, and no server");
  return (kind === EPISODIC ? episodic : remote)(world, given.name, given.id, server, changed);
}

export function local(world: World, name: string, agent: Agent): Player {
  const runs = new Map<string, readonly State[]>();
  const states = (level: Level): readonly State[] => {
    const key = `${level.width}/${level.cells.join(",")}`;
    let found = runs.get(key);
    if (!found) {
      found = run(world, agent, level);
      if (runs.size >= RUNS) runs.delete(runs.keys().next().value!);
      runs.set(key, found);
    }
    return found;
  };
  const policy = (level: Level, tick: number | null): Float64Array => {
    const found = states(level);
    return softmax(agent.act(found[Math.min(tick ?? found.length, found.length - 1)], level), world.moves.length);
  };
  return { ...silent(name), inside: agent, states, policy, known: (level) => policy(level, null) };
}

export function remote(world: World, name: string, id: string, server: Server, changed: () => void): Player {
  const answers = asking<string, Float64Array>(
    async (texts) => (await server.answer(id, texts)).map((rows) => Float64Array.from(rows.flat())),
    (text) => text,
    (texts) => alike(texts).slice(0, TOGETHER),
    changed,
  );
  return {
    ...silent(name),
    policy: (level) => answers.get(printLevel(world, level)),
    known: (level) => answers.known(printLevel(world, level)),
    prepare: (levels) => answers.prepare(levels.map((level) => printLevel(world, level))),
    waiting: answers.waiting,
    trouble: (level) => answers.trouble(printLevel(world, level)),
  };
}

/** A player that is followed in episodes, since its policy is no table of cells. */
export function episodic(world: World, name: string, id: string, server: Server, changed: () => void): Player {
  type Question = { readonly text: string; readonly from: Beginning };
  const question = (level: Level, from: Beginning): Question => ({ text: printLevel(world, level), from });
  const answers = asking<Question, Episode>(
    (some) => Promise.all(some.map(({ text, from }) => server.episode(id, text, from))),
    ({ text, from }) => [text, from.cell, from.heading, from.seed].join("/"),
    (some) => some.slice(0, 1),
    changed,
  );
  return {
    ...silent(name),
    episodic: true,
    episode: (level, from) => answers.get(question(level, from)),
    waiting: answers.waiting,
    trouble: (level, from) => answers.trouble(question(level, from)),
  };
}

/** A player of which nothing is known. */
const silent = (name: string): Player => ({
  name,
  inside: null,
  episodic: false,
  states: () => [],
  policy: () => null,
  known: () => null,
  episode: () => null,
  prepare() {},
  trouble: () => "",
  waiting: () => "",
});

/** Those of the size of the first one: a server is asked about one size at a time. */
function alike(texts: readonly string[]): string[] {
  const size = (text: string): string => `${text.indexOf("\n")}/${text.length}`;
  return texts.filter((text) => size(text) === size(texts[0]));
}
