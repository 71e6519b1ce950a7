/** The bench of a report: boards of all agents on one level that can be edited, and the inside of one of them. */

import { readAgent, type State } from "../agents/agent";
import { answer, outcome } from "../answers";
import { el } from "../draw/dom";
import { drawn, type Mark } from "../draw/marks";
import { followed, run, tryEdit } from "../inside";
import { drag, type Level, paint, readLevel, solid } from "../level";
import { type Board, board, type Gestures } from "./board";
import { controls } from "./controls";
import type { BenchData } from "./data";
import { dashed } from "./overlays";
import { change, commit, edited, fresh, movable, type Scenario, scenario, stroke, type View } from "./state";

/** Make a bench in an element; what was in it gives way. */
export function mount(element: HTMLElement, data: BenchData): void {
  const { world } = data;
  const agents = data.agents.map((one) => ({ ...one, runs: readAgent(one.agent) }));
  const first = data.levels[0];
  let view: View = fresh(scenario(world, readLevel(world, first.text), first.start));
  /** The scenario while a gesture is under way. */
  let during: Scenario | null = null;
  let held: { from: number } | { brush: number } | "agent" | null = null;
  let pending = 0;

  const now = (): Scenario => during ?? view.history.now;

  function set(next: View): void {
    view = next;
    draw();
  }

  /** Draw once for all events of a frame. */
  function soon(): void {
    if (pending === 0) pending = requestAnimationFrame(draw);
  }

  function act(next: Scenario): void {
    set(commit(view, view.history.now, next));
  }

  const gestures: Gestures = {
    press(cell) {
      const level = edited(view.history.now);
      if (typeof view.tool === "number") held = { brush: stroke(world, level, cell, view.tool) };
      else if (movable(world, level, cell)) held = { from: cell };
      else held = "agent";
      during = view.history.now;
      gestures.over(cell);
    },
    over(cell) {
      if (!held || !during) return;
      const before = view.history.now;
      if (held === "agent") during = edited(before).cells[cell] === solid(world) ? during : { ...during, start: cell };
      else if ("brush" in held) during = change(world, during, paint(world, edited(during), cell, held.brush));
      else during = change(world, before, drag(world, edited(before), held.from, cell));
      if (held === "agent") during = { ...scenario(world, during.level, during.start), inside: during.inside };
      soon();
    },
    release() {
      const after = during;
      [during, held] = [null, null];
      if (after) act(after);
    },
    key(cell, key) {
      const level = edited(view.history.now);
      const brush = world.brushes.findIndex(({ letter }) => letter === key);
      if (brush >= 0) act(change(world, view.history.now, paint(world, level, cell, brush)));
      else if (key === "Enter" || key === " ") {
        if (held) gestures.over(cell);
        if (held) gestures.release();
        else {
          gestures.press(cell);
          if (typeof view.tool === "number" || held === "agent") gestures.release();
        }
      } else return false;
      return true;
    },
  };

  const panel = controls(data, { get: () => view, set, act });
  const boards: Board[] = agents.map(({ name }) => board(world, name, gestures));
  const trial = {
    edited: board(world, "Written inside", gestures),
    control: board(world, "Control: at a wrong place", null),
    ceiling: board(world, "Ceiling: the level changed", null),
  };
  const rows = {
    level: el("div", { class: "boards" }, ...boards.map((one) => one.element)),
    inside: el("div", { class: "boards" }, ...Object.values(trial).map((one) => one.element)),
  };
  const live = el("p", { class: "heard", "aria-live": "polite" });
  const runs = new Map<string, readonly State[]>();
  /** All states of an agent on a level; the last few levels are kept, so that ticks can be looked through. */
  function statesOf(agent: number, level: Level): readonly State[] {
    const key = `${agent}/${level.width}/${level.cells.join(",")}`;
    let found = runs.get(key);
    if (!found) {
      found = run(world, agents[agent].runs, level);
      if (runs.size > 4 * agents.length) runs.clear();
      runs.set(key, found);
    }
    return found;
  }

  /** What is drawn of a state, and the sentence below it. */
  function marksOf(agent: number, level: Level, state: State, start: number): { marks: Mark[]; told: string; policy: Float64Array } {
    const found = answer(world, agents[agent].runs, level, state, start);
    const { channels } = agents[agent].runs;
    const { overlay } = view;
    const shade =
      overlay === "value"
        ? found.values
        : overlay === "none" || overlay >= channels
          ? undefined
          : Float64Array.from(level.cells, (_, cell) => state[cell * channels + overlay]);
    const marks = drawn({ world, level, policy: found.policy, values: shade, path: found.path });
    return { marks, told: outcome(world, level, found.path), policy: found.policy };
  }

  function draw(): void {
    pending = 0;
    const { level, inside, start } = now();
    const shown = (states: readonly State[]): State => states[Math.min(view.tick ?? states.length, states.length - 1)];
    rows.level.hidden = inside !== null;
    rows.inside.hidden = inside === null;
    if (inside) drawInside(level, inside, start, shown);
    else {
      const told = agents.map(({ name }, at) => {
        const found = marksOf(at, level, shown(statesOf(at, level)), start);
        boards[at].draw(level, found.marks, found.told);
        return `${name} ${found.told}`;
      });
      if (!during) live.textContent = `${told.join("; ")}.`;
    }
    panel.draw(now(), { agent: agents[view.agent].runs, state: shown(statesOf(view.agent, level)) });
  }

  function drawInside(level: Level, inside: Level, start: number, shown: (states: readonly State[]) => State): void {
    const agent = agents[view.agent].runs;
    const place = { first: Math.min(view.first, agent.ticks - 1), radius: view.radius, sustained: view.sustained };
    const found = tryEdit(world, agent, level, inside, place);
    const [base, ceiling] = [marksOf(view.agent, level, found.base.at(-1)!, start), marksOf(view.agent, inside, shown(found.ceiling), start)];
    const count = (policy: Float64Array): string => {
      const { follow, of } = followed(world, [level, inside], [base.policy, ceiling.policy, policy]);
      return of ? `follows in ${follow} of ${of} cells` : "nothing to follow";
    };
    const written = marksOf(view.agent, level, shown(found.edited), start);
    trial.edited.draw(level, [...written.marks, ...dashed(world, level, inside, found.cells.keys())], `${count(written.policy)}; ${written.told}`);
    trial.ceiling.draw(inside, ceiling.marks, ceiling.told);
    const wrong = found.control && marksOf(view.agent, level, shown(found.control), start);
    const none = marksOf(view.agent, level, shown(found.base), start);
    trial.control.draw(
      level,
      [...(wrong ?? none).marks, ...dashed(world, level, level, found.wrong.keys())],
      wrong ? `${count(wrong.policy)}; ${wrong.told}` : "nothing is written: no room away from things, or no change yet",
    );
    if (!during) live.textContent = `${agents[view.agent].name}: the edit ${count(written.policy)}${wrong ? `, the control ${count(wrong.policy)}` : ""}.`;
  }

  draw();
  // What was there stays unless all went well.
  element.replaceChildren(panel.above, rows.level, rows.inside, live, panel.below);
}
