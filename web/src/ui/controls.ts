/** Everything of a bench that is no board: tools, badges, time, maps, and the level as text. */

import type { Agent, State } from "../agents/agent";
import { type Badge, resembles, solvable } from "../badges";
import { el } from "../draw/dom";
import { redo, undo } from "../history";
import { LARGEST, type Level, mirror, printLevel, readLevel, resize, SMALLEST } from "../level";
import { brushes } from "./brushes";
import type { BenchData } from "./data";
import { maps } from "./maps";
import type { Player } from "../players";
import { begun, change, edited, type Scenario, scenario, type View } from "./state";

/** How controls read the view and change it. */
export interface Handle {
  get(): View;
  set(view: View): void;
  act(next: Scenario): void;
}

export interface Controls {
  readonly above: HTMLElement;
  readonly below: HTMLElement;
  /** `state`: of the agent that is looked at; null where it does not run inside the page. */
  draw(now: Scenario, state: State | null): void;
}

const SIGNS = { good: "\u2713", bad: "\u25b2", open: "?" };

export function controls(data: BenchData, players: readonly Player[], handle: Handle): Controls {
  const { world } = data;
  const update = (changed: Partial<View>): void => handle.set({ ...handle.get(), ...changed });
  const present = (): Scenario => handle.get().history.now;
  const button = (text: string, title: string, click: () => void): HTMLButtonElement =>
    el("button", { type: "button", title, "aria-label": title, click }, text);

  const tools = brushes(world, (tool) => update({ tool }));
  const back = button("\u21b6", "Undo (Ctrl+Z)", () => update({ history: undo(handle.get().history) }));
  const again = button("\u21b7", "Redo (Ctrl+Shift+Z)", () => update({ history: redo(handle.get().history) }));
  const mirrored = button("\u21c6", "Mirror the level", () => {
    const now = present();
    const row = now.start - (now.start % now.level.width);
    const start = row + now.level.width - 1 - (now.start % now.level.width);
    handle.act({ level: mirror(now.level), inside: now.inside && mirror(now.inside), start });
  });
  const levels = el("select", {
    "aria-label": "Begin from a level",
    change: () => {
      const chosen = data.levels[Number(levels.value)];
      if (chosen) handle.set(begun(handle.get(), scenario(world, readLevel(world, chosen.text), chosen.start)));
    },
  }, ...data.levels.map(({ name }, at) => el("option", { value: at }, name)));

  const side = (axis: "height" | "width"): HTMLInputElement => {
    const input: HTMLInputElement = el("input", {
      type: "number", min: SMALLEST + 2, max: LARGEST + 2, "aria-label": axis === "height" ? "Rows" : "Columns",
      change: () => {
        const now = present();
        const length = Math.min(LARGEST, Math.max(SMALLEST, Math.round(Number(input.value)) - 2 || SMALLEST));
        const shape = { height: now.level.height, width: now.level.width, [axis]: length };
        handle.act({ ...change(world, { ...now, inside: null }, resize(world, now.level, shape.height, shape.width)) });
      },
    });
    return input;
  };
  const [rows, columns] = [side("height"), side("width")];

  const overlay = el("select", {
    "aria-label": "Shade cells by",
    change: () => update({ overlay: overlay.value === "none" || overlay.value === "value" ? overlay.value : Number(overlay.value) }),
  }, el("option", { value: "none" }, "arrows alone"), el("option", { value: "value" }, "value of the intended goal"));
  const channel = el("option", { value: "" });

  const shadeLabel = el("label", { hidden: players.every((one) => one.episodic) }, "shade ", overlay);
  const badges = [el("span"), el("span")];
  const agent = el("select", { "aria-label": "Agent", change: () => choose(Number(agent.value)) },
    ...data.agents.map(({ name }, at) => el("option", { value: at }, name)));
  const choose = (at: number): void => {
    const now = present();
    // An agent that a server answers for has no inside here.
    if (now.inside && !players[at].inside) handle.act({ ...now, inside: null });
    update({ agent: at, ...placeOf(at) });
  };
  const placeOf = (at: number): Partial<View> => data.agents[at].place ?? {};

  const agentLabel = el("label", {}, "agent ", agent);
  const mode = el("select", { "aria-label": "Show", change: () => update({ mode: mode.value === "compare" ? "compare" : "each" }) },
    el("option", { value: "each" }, data.agents.length > 1 ? "every agent" : "the agent"),
    el("option", { value: "compare" }, "two and their difference"));
  const other = el("select", {
    "aria-label": "Compare with",
    change: () => update({ other: other.value === "before" ? "before" : Number(other.value) }),
  }, el("option", { value: "before" }, "itself before the edit"), ...data.agents.map(({ name }, at) => el("option", { value: at }, name)));
  const otherLabel = el("label", {}, "beside ", other);
  const keep = button("Keep as before", "Keep as before: this level is the one before the edit", () => update({ before: present().level }));

  const tick = el("input", { type: "range", min: 0, "aria-label": "Tick", input: () => update({ tick: Number(tick.value) }) });
  const when = el("output");
  let timer = 0;
  const play = button("\u25b6", "Play the ticks", () => {
    clearInterval(timer);
    update({ tick: 0 });
    timer = setInterval(() => {
      const next = (handle.get().tick ?? 0) + 1;
      if (next >= Number(tick.max)) clearInterval(timer);
      update({ tick: next });
    }, 250);
  });

  const thinking = el("label", {}, play, " thinking ", tick, " ", when);

  const inside = button("Edit the inside", "Edit the inside: write a thing or a wall into the agent's state", () => {
    const view = handle.get();
    const now = present();
    const next = { ...now, inside: now.inside ? null : now.level };
    handle.set({ ...view, ...(now.inside ? {} : placeOf(view.agent)), tick: null, history: { ...view.history, past: [...view.history.past, now], now: next, future: [] } });
  });
  const chosen = (label: string, name: "first" | "radius", most: number): [HTMLElement, HTMLInputElement] => {
    const input: HTMLInputElement = el("input", { type: "number", min: 0, max: most, change: () => update({ [name]: Math.max(0, Math.min(Number(input.max), Math.round(Number(input.value)))) }) });
    return [el("label", {}, `${label} `, input), input];
  };
  const [afterLabel, after] = chosen("after tick", "first", 0);
  const [radiusLabel, radius] = chosen("radius", "radius", 3);
  const sustained = el("input", { type: "checkbox", change: () => update({ sustained: sustained.checked }) });
  const writing = el("p", { class: "writing" },
    "Drag a thing, or paint a wall, on the first board: it is written into the agent's state there, from what its state would be on such a level; the level stays. ",
    afterLabel, radiusLabel, el("label", {}, sustained, " at every later tick too"));

  const channels = maps((at) => update({ overlay: handle.get().overlay === at ? "none" : at }));
  const site = el("summary");
  const within = el("details", { class: "state" }, site, channels.element);
  const text: HTMLTextAreaElement = el("textarea", {
    spellcheck: "false", rows: 9, "aria-label": "The level as text",
    input: () => {
      try {
        const level = readLevel(world, text.value);
        wrong.textContent = "";
        handle.act(change(world, { ...present(), inside: null }, level));
      } catch (error) {
        wrong.textContent = (error as Error).message;
      }
    },
  });
  const wrong = el("p", { class: "note", role: "alert" });

  const above = el("div", { class: "panel" },
    tools.element,
    el("div", { class: "row" }, back, again, mirrored,
      el("label", {}, "level ", levels), el("label", {}, "size ", rows, " \u00d7 ", columns), shadeLabel),
    el("p", { class: "badges" }, ...badges),
    el("div", { class: "row" }, thinking,
      el("label", {}, "show ", mode), ...(data.agents.length > 1 ? [agentLabel] : []), otherLabel, keep, inside),
    writing);
  const below = el("div", { class: "panel" },
    within,
    el("details", {}, el("summary", {}, "The level as text"), text, wrong));

  document.addEventListener("keydown", (event) => {
    const typing = (event.target as HTMLElement | null)?.closest("textarea, input");
    if (!(event.ctrlKey || event.metaKey) || typing || !["z", "Z", "y"].includes(event.key)) return;
    event.preventDefault();
    update({ history: (event.key === "z" ? undo : redo)(handle.get().history) });
  });

  function badge(on: HTMLElement, { tone, text: said, why }: Badge): void {
    on.className = `badge ${tone}`;
    on.title = why;
    on.replaceChildren(el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[tone]), ` ${said}`, ...(tone === "good" ? [] : [el("small", {}, ` ${why}`)]));
  }

  return {
    above,
    below,
    draw(now, state) {
      const view = handle.get();
      const level = edited(now);
      const runs = players[view.agent].inside;
      tools.draw(view.tool);
      back.disabled = view.history.past.length === 0;
      again.disabled = view.history.future.length === 0;
      rows.value = String(now.level.height + 2);
      columns.value = String(now.level.width + 2);
      badge(badges[0], solvable(world, level));
      badge(badges[1], resembles(world, level, data.kin));
      mode.value = view.mode;
      agent.value = String(view.agent);
      other.value = String(view.other);
      const comparing = view.mode === "compare" && now.inside === null;
      agentLabel.hidden = !comparing && now.inside === null && runs === null;
      otherLabel.hidden = !comparing;
      keep.hidden = !comparing || view.other !== "before";
      inside.setAttribute("aria-pressed", String(now.inside !== null));
      inside.hidden = runs === null;
      writing.hidden = now.inside === null;
      thinking.hidden = within.hidden = runs === null;
      if (document.activeElement !== text) text.value = printLevel(world, level);
      if (runs && state) look(view, runs, state, now.level);
      else channel.remove();
      overlay.value = overlay.contains(channel) || typeof view.overlay !== "number" ? String(view.overlay) : "none";
    },
  };

  /** What is shown of the inside of an agent. */
  function look(view: View, runs: Agent, state: State, level: Level): void {
    tick.max = String(runs.ticks);
    tick.value = String(view.tick ?? runs.ticks);
    when.textContent = `tick ${Math.min(view.tick ?? runs.ticks, runs.ticks)} of ${runs.ticks}`;
    after.max = String(runs.ticks - 1);
    after.value = String(Math.min(view.first, runs.ticks - 1));
    radius.value = String(view.radius);
    sustained.checked = view.sustained;
    if (typeof view.overlay === "number") {
      channel.textContent = `channel ${view.overlay} of the state`;
      channel.value = String(view.overlay);
      if (!channel.isConnected) overlay.append(channel);
    } else channel.remove();
    site.textContent = `The state of ${data.agents[view.agent].name}, channel by channel`;
    channels.draw(state, level, runs.channels, typeof view.overlay === "number" ? view.overlay : null);
  }
}
