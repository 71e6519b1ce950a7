/** Agents that run inside a page: what a subject is in Python, with a state of one map. */

import { feedForward } from "./feedForward";
import { reflex } from "./reflex";
import type { Matrix } from "./stencil";
import { thinking } from "./thinking";

/** A map of `channels` numbers in each cell, cell after cell. */
export type State = Float32Array;

export interface Size {
  readonly height: number;
  readonly width: number;
}

export interface Agent {
  readonly ticks: number;
  /** First tick that no longer sees the level. */
  readonly readsUntil: number;
  readonly channels: number;
  /** Name of the one site of its state. */
  readonly site: string;
  /** The state after one more tick. */
  think(state: State, seen: Float32Array, size: Size, tick: number): State;
  /** Preferences for the actions in every cell. */
  act(state: State, size: Size): Float64Array;
}

/** An array of a document: its shape, and its numbers as 32-bit floats in base64, little end first. */
export interface Packed {
  readonly shape: readonly number[];
  readonly data: string;
}

export interface AgentData {
  readonly kind: string;
  readonly config: Readonly<Record<string, number>>;
  readonly arrays: Readonly<Record<string, Packed>>;
}

/** The arrays of an agent, by name. */
export type Arrays = (name: string) => Matrix;

const KINDS: Readonly<Record<string, (arrays: Arrays, config: Readonly<Record<string, number>>) => Agent>> = {
  "thinking": thinking,
  "feed-forward": feedForward,
  "reflex": reflex,
};

/** The agent that a document carries; an `Error` for a kind that this page cannot run. */
export function readAgent(data: AgentData): Agent {
  const make = KINDS[data.kind];
  if (!make) throw new Error(`an agent of kind ${data.kind}; this page runs ${Object.keys(KINDS).join(", ")}`);
  const found: Record<string, Matrix> = {};
  for (const [name, packed] of Object.entries(data.arrays)) found[name] = unpack(packed);
  return make((name) => found[name], data.config);
}

/** A row for every index of the last axis but one. */
function unpack(packed: Packed): Matrix {
  const bytes = Uint8Array.from(atob(packed.data), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const data = Float32Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
  const columns = packed.shape.at(-1) ?? 1;
  return { rows: data.length / columns, columns, data };
}

/** Every state of a run, the blank one first. */
export function record(agent: Agent, seen: Float32Array, size: Size): State[] {
  const states: State[] = [new Float32Array(size.height * size.width * agent.channels)];
  for (let tick = 0; tick < agent.ticks; tick++) states.push(agent.think(states[tick], seen, size, tick));
  return states;
}
