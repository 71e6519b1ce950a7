/** The agents of a bench: those that run inside the page, and those that a server answers for. */

import { type Agent, type AgentData, readAgent, type State } from "./agents/agent";
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
  /** Why there is no policy for a level; "" while it is asked for. */
  trouble(level: Level): string;
  /** What is said while an answer is waited for. */
  waiting(): string;
}

/** Levels whose runs are kept, so that ticks can be looked through. */
const RUNS = 4;
const ANSWERS = 2000;
const SERVED = "served";
/** Levels that a server is asked about at once. */
const TOGETHER = 16;
const PATIENCE = 90;
const PAUSE = 1000;

/** An agent as a page holds it; `id` is what a server calls it. */
export interface Given {
  readonly name: string;
  readonly agent: AgentData;
  readonly id?: string;
}

/** A player from the data of a page; an `Error` for an agent that neither the page nor a server can ask. `changed` hears of each answer. */
export function player(world: World, given: Given, changed: () => void): Player {
  if (given.agent.kind !== SERVED) return local(world, given.name, readAgent(given.agent));
  const server = globalThis.mesascopeServer;
  if (!server || given.id === undefined) throw new Error("an agent that a server answers for, and no server");
  return remote(world, given.name, given.id, server, changed);
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
  return {
    name,
    inside: agent,
    states,
    policy,
    known: (level) => policy(level, null),
    prepare() {},
    trouble: () => "",
    waiting: () => "",
  };
}

export function remote(world: World, name: string, id: string, server: Server, changed: () => void): Player {
  const known = new Map<string, Float64Array>();
  const failed = new Map<string, string>();
  /** The newest level that is looked at: of those in between, nobody waits for the answer. */
  let wanted: string | null = null;
  let later: string[] = [];
  let asking = false;
  let tries = 0;

  async function ask(): Promise<void> {
    if (asking) return;
    const texts = wanted === null ? alike(later).slice(0, TOGETHER) : [wanted];
    if (!texts.length) return;
    asking = true;
    try {
      const found = await server.answer(id, texts);
      texts.forEach((text, at) => known.set(text, Float64Array.from(found[at].flat())));
      if (known.size > ANSWERS) known.delete(known.keys().next().value!);
      tries = 0;
    } catch (error) {
      if ((error as Error).name === "Busy" && ++tries < PATIENCE) {
        changed();
        setTimeout(() => {
          asking = false;
          void ask();
        }, PAUSE);
        return;
      }
      for (const text of texts) failed.set(text, (error as Error).message);
    }
    asking = false;
    if (wanted !== null && texts.includes(wanted)) wanted = null;
    later = later.filter((text) => !texts.includes(text));
    changed();
    void ask();
  }

  return {
    name,
    inside: null,
    states: () => [],
    policy(level) {
      const text = printLevel(world, level);
      const found = known.get(text);
      if (found || failed.has(text)) return found ?? null;
      wanted = text;
      void ask();
      return null;
    },
    known: (level) => known.get(printLevel(world, level)) ?? null,
    prepare(levels) {
      const texts = levels.map((level) => printLevel(world, level)).filter((text) => !known.has(text) && !failed.has(text));
      later = [...new Set([...later, ...texts])];
      void ask();
    },
    waiting: () => (tries ? "the agent is being loaded \u2026" : "asking \u2026"),
    trouble: (level) => failed.get(printLevel(world, level)) ?? "",
  };
}

/** Those of the size of the first one: a server is asked about one size at a time. */
function alike(texts: readonly string[]): string[] {
  const size = (text: string): string => `${text.indexOf("\n")}/${text.length}`;
  return texts.filter((text) => size(text) === size(texts[0]));
}
