/** What a bench shows as files that the reader keeps: SVG, PNG and CSV made in the page, GIF where a server draws it. */

import type { Answer } from "../answers";
import { el, svgElement } from "../draw/dom";
import { extent, MARGIN, type Mark } from "../draw/marks";
import { cellsOf, type Episode } from "../episode";
import { type Level, printLevel, type World } from "../level";
import { EPISODIC } from "../players";
import { stepTable, table } from "../table";
import type { BenchData } from "./data";

/** One board: whose it is, what is written above it, and what is drawn; `answer` is null where it shows no policy of an agent,
 * `episode` where it shows none of its episodes. */
export interface Drawn {
  readonly agent: number;
  readonly title: string;
  readonly level: Level;
  readonly marks: readonly Mark[];
  readonly answer: Answer | null;
  readonly episode: Episode | null;
}

const GAP = 16;
const HEAD = 22;
const SCALE = 2;
const SVG = "http://www.w3.org/2000/svg";

/** Buttons that save what `shown` gives. */
export function exports(world: World, data: BenchData, shown: () => readonly Drawn[]): HTMLElement {
  const told = el("p", { class: "note", role: "status" });
  const button = (text: string, title: string, click: () => void | Promise<void>): HTMLButtonElement =>
    el("button", { type: "button", title, "aria-label": title, click: () => {
      told.textContent = "";
      Promise.resolve().then(click).catch((error: Error) => (told.textContent = error.message));
    } }, text);
  const svg = button("SVG", "Save the boards as SVG", () => save("boards.svg", new Blob([svgText(shown())], { type: "image/svg+xml" })));
  const png = button("PNG", "Save the boards as PNG", async () => save("boards.png", await raster(svgText(shown()))));
  const kinds = data.agents.map(({ agent }) => agent.kind);
  const csv = kinds.some((kind) => kind !== EPISODIC) && button("CSV", "Save policies and values as CSV", () => save("policies.csv", new Blob([table(world, shown())], { type: "text/csv" })));
  const moves = kinds.includes(EPISODIC) && button("CSV of steps", "Save the steps of the episodes as CSV", () => save("episodes.csv", new Blob([stepTable(world, shown())], { type: "text/csv" })));
  const link = button("Copy link", "Copy link to this level and view", async () => {
    await navigator.clipboard.writeText(location.href);
    told.textContent = "The link is copied: it holds the level, the agents, the tick and the view.";
  });
  const moving = globalThis.mesascopeServer;
  const ids = data.agents.map(({ id }) => id);
  const gif = moving && button("GIF", "Save the episode of the first board as GIF", async () => {
    const { agent, level, answer, episode } = shown()[0];
    const id = ids[agent];
    const path = answer?.path ?? (episode && cellsOf(episode));
    if (!path || id === undefined) throw new Error("there is no episode to draw yet");
    const rows = answer && [...level.cells.keys()].map((cell) => [...answer.policy.subarray(cell * world.moves.length, (cell + 1) * world.moves.length)]);
    save("episode.gif", await moving.gif(id, printLevel(world, level), path, rows));
  });
  return el("div", {}, el("div", { class: "row" }, el("span", {}, "Save "), svg, png, ...[gif, csv, moves].filter((one) => one instanceof HTMLElement), link), told);
}

function save(name: string, data: Blob): void {
  const address = URL.createObjectURL(data);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The rules of the page that pictures need: those of their classes, and the colors that stand behind them. */
function rules(): string {
  const every = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  return every.map((rule) => rule.cssText).filter((text) => /^:root|\.ms-|prefers-color-scheme/.test(text)).join("");
}

/** All boards in a row as one picture that needs nothing but itself. */
function svgText(boards: readonly Drawn[]): string {
  const sizes = boards.map(({ level }) => extent(level));
  const width = sizes.reduce((sum, [wide]) => sum + wide + GAP, GAP);
  const height = Math.max(...sizes.map(([, high]) => high)) + HEAD + 2 * GAP;
  const made = document.createElementNS(SVG, "svg");
  const style = document.createElementNS(SVG, "style");
  style.textContent = `${rules()}.title{font:600 14px ui-sans-serif,system-ui,sans-serif;fill:var(--ink)}.paper{fill:var(--paper)}`;
  const given = { width: String(width), height: String(height), viewBox: `0 0 ${width} ${height}` };
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  made.append(style, svgElement({ tag: "rect", attributes: { class: "paper", width: String(width), height: String(height) } }));
  let x = GAP;
  boards.forEach(({ title, marks }, at) => {
    const [wide, high] = sizes[at];
    made.append(svgElement({ tag: "text", attributes: { class: "title", x: String(x), y: String(GAP + 12) }, text: title }));
    const box = { class: "ms-level", x: String(x), y: String(GAP + HEAD), width: String(wide), height: String(high) };
    const inner = svgElement({ tag: "svg", attributes: { ...box, viewBox: `${-MARGIN} ${-MARGIN} ${wide} ${high}` } });
    inner.append(...marks.map(svgElement));
    made.append(inner);
    x += wide + GAP;
  });
  return new XMLSerializer().serializeToString(made);
}

async function raster(text: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = el("canvas", { width: image.width * SCALE, height: image.height * SCALE });
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((done, fail) => canvas.toBlob((found) => (found ? done(found) : fail(new Error("no PNG could be made"))), "image/png"));
}
