/** The address of what a bench shows: it is read when the page opens, and kept up to date. */

import { el } from "../draw/dom";
import { isLink, printLink, readLink } from "../link";
import type { World } from "../level";
import type { Player } from "../players";
import type { Handle } from "./controls";
import { begun, scenario } from "./state";

export interface Links {
  /** Says that a link could not be read. */
  readonly element: HTMLElement;
  /** Take over what the address says. */
  begin(): void;
  /** Let the address say what is shown. */
  draw(): void;
}

const PAUSE = 300;

export function links(world: World, players: readonly Player[], handle: Handle): Links {
  const element = el("p", { class: "note", role: "status" });
  let written = "";
  let timer = 0;

  function apply(): void {
    const fragment = location.hash;
    if (fragment === written || !isLink(fragment)) return;
    written = fragment;
    try {
      const found = readLink(world, players.length, fragment);
      const next = begun(handle.get(), scenario(world, found.level, found.start));
      const before = found.before ?? found.level;
      handle.set({ ...next, before, mode: found.view, agent: found.agent, tick: found.tick, step: found.step, seed: found.seed, heading: found.heading, other: found.other ?? "before" });
      element.textContent = "";
      element.closest("section")?.scrollIntoView({ behavior: "instant" });
    } catch (error) {
      element.textContent = `The link could not be read: ${(error as Error).message}. The page shows what it shows without one.`;
    }
  }

  function write(): void {
    const { history, agent, tick, step, seed, heading, mode, other, before } = handle.get();
    const { level, start } = history.now;
    const text = printLink(world, { level, start, agent, tick, step, seed, heading, view: mode, other: other === "before" ? null : other, before });
    if (text === written || (!written && !history.past.length && mode === "each" && tick === null && agent === 0 && !(step || seed || heading))) return;
    written = text;
    try {
      window.history.replaceState(null, "", text);
    } catch {
      // Some viewers do not let a file change its address: it stays then.
    }
  }

  return {
    element,
    begin() {
      apply();
      addEventListener("hashchange", apply);
    },
    draw() {
      clearTimeout(timer);
      timer = setTimeout(write, PAUSE);
    },
  };
}

