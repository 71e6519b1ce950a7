/** What a report hands to its bench. */

import type { AgentData } from "../agents/agent";
import type { Kin } from "../badges";
import type { World } from "../level";

export interface BenchData {
  readonly world: World;
  readonly kin: readonly Kin[];
  readonly agents: readonly {
    readonly name: string;
    readonly agent: AgentData;
    /** What a server calls its audit; a page that is a file has none. */
    readonly id?: string;
    /** Where its search tests wrote, if they found a place. */
    readonly place: { readonly first: number; readonly radius: number; readonly sustained: boolean } | null;
  }[];
  /** Levels to begin from; `start` is a cell of the inside of the level. */
  readonly levels: readonly { readonly name: string; readonly text: string; readonly start: number }[];
}
