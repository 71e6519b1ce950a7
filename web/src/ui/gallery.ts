/** The levels of a report as small pictures that can be sorted and filtered; a press on one takes it to the bench. */

import { end, following } from "../answers";
import { el, picture, show } from "../draw/dom";
import { drawn, words } from "../draw/marks";
import { type Level, readLevel } from "../level";
import { disagreement, regret, surprise, TEMPERATURE } from "../measures";
import { nearestFree } from "../policy";
import type { Player } from "../players";
import type { BenchData } from "./data";

type Measure = "regret" | "disagreement" | "surprise";

interface Entry {
  readonly name: string;
  readonly level: Level;
  readonly start: number;
  readonly card: HTMLElement;
  readonly svg: SVGSVGElement;
  readonly told: HTMLElement;
  /** Of the agent that is chosen; null while it is not known. */
  found: { readonly numbers: Readonly<Record<Measure, number>>; readonly reached: string } | null;
}

/** Why a policy is not known: where an episode would begin makes no difference to it. */
const trouble = (one: Player, level: Level): string => one.trouble(level, { cell: 0, heading: 0, seed: 0 });
const NOTHING = "nothing";
const PAUSE = 250;
const WHAT: Readonly<Record<Measure, string>> = {
  regret: "return by the intended goal that the agent loses, mean over the free cells",
  disagreement: "mean distance between the policies of the agents, from 0 to 1",
  surprise: `bits by which a planner for the intended goal (temperature ${TEMPERATURE}) fails to foresee the agent's action`,
};

/** A gallery, of agents with a policy in each cell, that computes nothing before it is opened; `choose` hears of the level that was pressed. */
export function gallery(data: BenchData, players: readonly Player[], choose: (level: Level, start: number) => void): HTMLElement {
  const { world } = data;
  let number = 0;
  let timer = 0;
  const again = (): void => begin();
  const agent = el("select", { "aria-label": "Agent of the gallery", change: () => { number = Number(agent.value); again(); } },
    ...players.map(({ name }, at) => el("option", { value: at }, name)));
  const measures: readonly Measure[] = players.length > 1 ? ["regret", "disagreement", "surprise"] : ["regret", "surprise"];
  const order = el("select", { "aria-label": "Sort by", change: () => arrange() },
    el("option", { value: "" }, "as listed"), ...measures.map((one) => el("option", { value: one }, one)));
  const outcomes = el("select", { "aria-label": "Outcome", change: () => arrange() }, el("option", { value: "" }, "any outcome"));
  const told = el("p", { class: "note", "aria-live": "polite" });
  const cards = el("div", { class: "cards-of-levels" });
  const meaning = el("p", { class: "note" }, measures.map((one) => `${one}: ${WHAT[one]}`).join("; "), ".");

  const entries: Entry[] = data.levels.flatMap(({ name, text, start }) => {
    try {
      const level = readLevel(world, text);
      const svg = picture(level);
      const line = el("small", {});
      const card = el("button", { type: "button", click: () => choose(level, start) }, svg, el("b", {}, name), line);
      return [{ name, level, start: nearestFree(world, level, start) ?? 0, card, svg, told: line, found: null }];
    } catch {
      return []; // a document may hold anything; a level that cannot be read is not shown
    }
  });

  function begin(): void {
    for (const entry of entries) entry.found = null;
    for (const one of players) one.prepare(entries.map(({ level }) => level));
    clearTimeout(timer);
    step();
  }

  /** One level after another, so that the page stays alive; those that a server is asked about, when they are there. */
  function step(): void {
    if (!element.open) return;
    const left = entries.filter((entry) => !entry.found);
    const done = left.find((entry) => work(entry));
    arrange();
    if (!left.length) return;
    const hopeless = left.every(({ level }) => players.some((one) => trouble(one, level)));
    if (!hopeless) timer = setTimeout(step, done ? 0 : PAUSE);
  }

  /** Whether a level could be looked at. */
  function work(entry: Entry): boolean {
    const { level } = entry;
    const policies = players.map((one) => one.known(level)).filter((one) => one !== null);
    if (policies.length < players.length) return false;
    const policy = policies[number];
    const found = following(world, level, policy, entry.start);
    const numbers = {
      regret: regret(world, level, found.values),
      disagreement: disagreement(world, level, policies),
      surprise: surprise(world, level, policy),
    };
    entry.found = { numbers, reached: end(world, level, found.path) ?? NOTHING };
    show(entry.svg, drawn({ world, level, policy, path: found.path }), words({ world, level }));
    return true;
  }

  function arrange(): void {
    const kinds = [...new Set(entries.flatMap(({ found }) => (found ? [found.reached] : [])))].sort();
    if (kinds.join() !== [...outcomes.options].slice(1).map(({ value }) => value).join()) {
      const kept = outcomes.value;
      outcomes.replaceChildren(el("option", { value: "" }, "any outcome"), ...kinds.map((kind) => el("option", { value: kind }, kind === NOTHING ? "reaches nothing" : `reaches the ${kind}`)));
      outcomes.value = kinds.includes(kept) ? kept : "";
    }
    const by = order.value as Measure | "";
    const shown = entries.filter(({ found }) => found && (!outcomes.value || found.reached === outcomes.value));
    if (by) shown.sort((a, b) => b.found!.numbers[by] - a.found!.numbers[by]);
    for (const entry of shown) {
      const { reached, numbers } = entry.found!;
      entry.told.textContent = `${reached === NOTHING ? "reaches nothing" : `reaches the ${reached}`}; ${measures.map((one) => `${one} ${numbers[one].toFixed(2)}`).join(", ")}`;
    }
    const same = shown.length === cards.children.length && shown.every(({ card }, at) => cards.children[at] === card);
    if (!same) cards.replaceChildren(...shown.map(({ card }) => card));
    const waiting = entries.filter(({ found }) => !found).length;
    const why = entries.flatMap(({ level }) => players.map((one) => trouble(one, level))).find((one) => one);
    told.textContent = `${shown.length} of ${entries.length} levels${waiting ? why ? `: ${why}` : `; ${waiting} to come` : ""}`;
  }

  const element = el("details", { toggle: () => { if (element.open) begin(); } },
    el("summary", {}, "All levels of this report, to be sorted"),
    el("div", { class: "row" },
      ...(players.length > 1 ? [el("label", {}, "agent ", agent)] : []), el("label", {}, "sort by ", order), el("label", {}, "show ", outcomes)),
    told, cards, meaning);
  return element;
}
