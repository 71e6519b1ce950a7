/** What a page that a local server sent may ask it. A page that is a file has no server, and this script reaches for none. */

import type { Beginning, Episode } from "./episode";

export interface Server {
  /** What an agent does on levels of one size: probabilities of the actions, cell by cell, for each level. */
  answer(agent: string, levels: readonly string[]): Promise<readonly (readonly (readonly number[])[])[]>;
  /** One episode of an agent on a level, step by step. */
  episode(agent: string, level: string, from: Beginning): Promise<Episode>;
  /** An episode as a moving picture: its path on a level, the policy as arrows; null: without them. */
  gif(agent: string, level: string, path: readonly number[], policy: readonly (readonly number[])[] | null): Promise<Blob>;
}

/** The server has no answer yet: the question may be asked again. */
export class Busy extends Error {
  override readonly name = "Busy";
}

declare global {
  // A script of the server's sets it before this one runs.
  var mesascopeServer: Server | undefined;
}
