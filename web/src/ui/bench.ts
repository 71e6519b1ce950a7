/** The bench of a report: boards of all agents on one level that can be edited, two of them compared, and the inside of one. */

import type { State } from "../agents/agent";
import { type Answer, following, outcome } from "../answers";
import { difference } from "../difference";
import { drawnDifference } from "../draw/difference";
import { el } from "../draw/dom";
import { drawnEpisode } from "../draw/episode";
import { drawn, type Mark } from "../draw/marks";
import { type Episode, outcomeOf, stepWords } from "../episode";
import { followed, tryEdit } from "../inside";
import { drag, type Level, paint, readLevel, solid } from "../level";
import { type Player, player } from "../players";
import { softmax } from "../policy";
import { type Board, board, type Gestures } from "./board";
import { controls } from "./controls";
import type { BenchData } from "./data";
import { type Drawn, exports } from "./exports";
import { gallery } from "./gallery";
import { links } from "./links";
import { dashed } from "./overlays";
import { steps } from "./steps";
import { begun, change, commit, edited, fresh, movable, type Scenario, scenario, stroke, type View } from "./state";

/** What is shown of an agent: the marks, the sentence below them, and its policy or its episode; null where it is not known. */
interface Shown {
  readonly marks: readonly Mark[];
  readonly told: string;
  readonly answer: Answer | null;
  readonly episode: Episode | null;
}

/** Make a bench in an element; what was in it gives way. */
export function mount(element: HTMLElement, data: BenchData): void {
  const { world } = data;
  const players: readonly Player[] = data.agents.map((one) => player(world, one, () => soon()));
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
      if (!after) return;
      const begins = after.start !== view.history.now.start;
      set({ ...commit(view, view.history.now, after), ...(begins ? { step: 0 } : {}) });
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

  const handle = { get: () => view, set, act };
  const panel = controls(data, players, handle);
  const boards: Board[] = players.map(({ name }) => board(world, name, gestures));
  const pair = { one: board(world, "", gestures), other: board(world, "", null), difference: board(world, "Difference", null) };
  const trial = {
    edited: board(world, "Written inside", gestures),
    control: board(world, "Control: at a wrong place", null),
    ceiling: board(world, "Ceiling: the level changed", null),
  };
  const row = (of: readonly Board[]): HTMLElement => el("div", { class: "boards" }, ...of.map((one) => one.element));
  const rows = { each: row(boards), compare: row(Object.values(pair)), inside: row(Object.values(trial)) };
  const live = el("p", { class: "heard", "aria-live": "polite" });
  let shownNow: readonly Drawn[] = [];
  const saving = exports(world, data, () => shownNow);
  const answering = players.filter((one) => !one.episodic);
  const levels = answering.length ? gallery(data, answering, (level, start) => set(begun(view, scenario(world, level, start)))) : "";
  const episodes = steps(world, handle.get, (changed) => set({ ...view, ...changed }));
  episodes.element.hidden = answering.length === players.length;
  const link = links(world, players, handle);

  /** What is drawn of a policy on a level, and the sentence below it. */
  function shown(level: Level, policy: Float64Array | null, trouble: string, start: number, state?: State, channels = 0): Shown {
    if (!policy) return { marks: drawn({ world, level }), told: trouble, answer: null, episode: null };
    const found = following(world, level, policy, start);
    const { overlay } = view;
    const shade =
      overlay === "value"
        ? found.values
        : overlay === "none" || !state || overlay >= channels
          ? undefined
          : Float64Array.from(level.cells, (_, cell) => state[cell * channels + overlay]);
    const marks = drawn({ world, level, policy, values: shade, path: found.path });
    return { marks, told: outcome(world, level, found.path), answer: found, episode: null };
  }

  const at = (states: readonly State[]): State => states[Math.min(view.tick ?? states.length, states.length - 1)];

  function shownOf(player: Player, level: Level, start: number): Shown {
    const states = player.states(level);
    const from = { cell: start, heading: view.heading, seed: view.seed };
    const trouble = player.trouble(level, from) || player.waiting();
    const episode = player.episode(level, from);
    if (player.episodic && !episode) return { marks: drawn({ world, level, path: [start] }), told: trouble, answer: null, episode };
    if (!episode) return shown(level, player.policy(level, view.tick), trouble, start, states.length ? at(states) : undefined, player.inside?.channels);
    const told = `${outcomeOf(episode)}; ${stepWords(world, level, episode, view.step)}`;
    return { marks: drawnEpisode(world, level, episode, view.step), told, answer: null, episode };
  }

  /** Draws a board, and what an episode adds to it. */
  function put(on: Board, level: Level, { marks, told, episode }: Shown, named?: string): void {
    on.draw(level, marks, told, named);
    on.explain(episode?.steps[view.step] ?? null, episode?.why ?? "");
  }

  const drawnOf = (agent: number, title: string, level: Level, { marks, answer, episode }: Shown): Drawn => ({ agent, title, level, marks, answer, episode });

  function draw(): void {
    pending = 0;
    const { level, inside, start } = now();
    const mode = inside && players[view.agent].inside ? "inside" : view.mode;
    for (const [name, of] of Object.entries(rows)) of.hidden = name !== mode;
    if (mode === "inside") drawInside(level, inside!, start);
    else if (mode === "compare") drawPair(level, start);
    else drawEach(level, start);
    const looked = players[view.agent].states(level);
    panel.draw(now(), looked.length ? at(looked) : null);
    const lengths = shownNow.flatMap(({ episode }) => (episode ? [episode.steps.length] : []));
    episodes.draw(view, lengths.length ? Math.max(...lengths) : null);
    if (!during) link.draw();
  }

  function drawEach(level: Level, start: number): void {
    const found = players.map((one) => shownOf(one, level, start));
    found.forEach((one, number) => put(boards[number], level, one));
    shownNow = found.map((one, number) => drawnOf(number, players[number].name, level, one));
    if (!during) live.textContent = `${found.map(({ told }, number) => `${players[number].name} ${told}`).join("; ")}.`;
  }

  function drawPair(level: Level, start: number): void {
    const itself = view.other === "before";
    const other = itself ? view.agent : Number(view.other);
    const before = itself ? view.before : level;
    const begin = itself ? scenario(world, before, start).start : start;
    const [one, two] = [shownOf(players[view.agent], level, start), shownOf(players[other], before, begin)];
    const titles = [itself ? `${players[view.agent].name}, after the edit` : players[view.agent].name, itself ? "Before the edit" : players[other].name];
    put(pair.one, level, one, titles[0]);
    put(pair.other, before, two, titles[1]);
    shownNow = [drawnOf(view.agent, titles[0], level, one), drawnOf(other, titles[1], before, two)];
    const apart = players[view.agent].episodic || players[other].episodic;
    let told = apart ? "an agent that is followed in episodes has no policy in each cell: compare the episodes" : "one of the policies is not known yet";
    let marks = drawn({ world, level });
    if (one.answer && two.answer) {
      const policies = [one.answer.policy, two.answer.policy] as const;
      const found = difference(world, [level, before], policies);
      const worth = Float64Array.from(level.cells, (_, cell) => one.answer!.values[cell] - two.answer!.values[cell]);
      if (found) {
        marks = drawnDifference(world, level, found, policies, view.overlay === "value" ? worth : undefined);
        told = `${found.turned.length} of ${found.compared.length} cells turn (thick: the first, thin: the second); mean distance of the policies ${found.mean.toFixed(2)}`;
      } else told = "the level before the edit is of another size";
    }
    pair.difference.draw(level, marks, told);
    shownNow = [...shownNow, { agent: view.agent, title: "Difference", level, marks, answer: null, episode: null }];
    if (!during) live.textContent = `${titles[0]} beside ${titles[1]}: ${told}.`;
  }

  function drawInside(level: Level, inside: Level, start: number): void {
    const agent = players[view.agent].inside!;
    const place = { first: Math.min(view.first, agent.ticks - 1), radius: view.radius, sustained: view.sustained };
    const found = tryEdit(world, agent, level, inside, place);
    const marksOf = (on: Level, state: State): Shown & { policy: Float64Array } => {
      const policy = softmax(agent.act(state, on), world.moves.length);
      return { ...shown(on, policy, "", start, state, agent.channels), policy };
    };
    const [base, ceiling] = [marksOf(level, found.base.at(-1)!), marksOf(inside, at(found.ceiling))];
    const count = (policy: Float64Array): string => {
      const { follow, of } = followed(world, [level, inside], [base.policy, ceiling.policy, policy]);
      return of ? `follows in ${follow} of ${of} cells` : "nothing to follow";
    };
    const written = marksOf(level, at(found.edited));
    const none = marksOf(level, at(found.base));
    const wrong = found.control && marksOf(level, at(found.control));
    const marks = {
      edited: [...written.marks, ...dashed(world, level, inside, found.cells.keys())],
      control: [...(wrong ?? none).marks, ...dashed(world, level, level, found.wrong.keys())],
    };
    trial.edited.draw(level, marks.edited, `${count(written.policy)}; ${written.told}`);
    trial.ceiling.draw(inside, ceiling.marks, ceiling.told);
    trial.control.draw(level, marks.control, wrong ? `${count(wrong.policy)}; ${wrong.told}` : "nothing is written: no room away from things, or no change yet");
    shownNow = [
      { agent: view.agent, title: "Written inside", level, marks: marks.edited, answer: written.answer, episode: null },
      { agent: view.agent, title: "Control", level, marks: marks.control, answer: (wrong ?? none).answer, episode: null },
      { agent: view.agent, title: "Ceiling", level: inside, marks: ceiling.marks, answer: ceiling.answer, episode: null },
    ];
    if (!during) live.textContent = `${players[view.agent].name}: the edit ${count(written.policy)}${wrong ? `, the control ${count(wrong.policy)}` : ""}.`;
  }

  link.begin();
  draw();
  panel.below.append(levels, saving);
  // What was there stays unless all went well.
  panel.above.append(episodes.element);
  element.replaceChildren(panel.above, link.element, rows.each, rows.compare, rows.inside, live, panel.below);
}
