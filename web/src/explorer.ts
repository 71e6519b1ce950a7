/** The script of the explorer's pages: it lets a reader in, watches what is running, and asks the server for the report's script. */

import { el } from "./draw/dom";
import type { Episode } from "./episode";
import { Busy, type Server } from "./server";

const token = (document.currentScript as HTMLScriptElement | null)?.dataset.token;
const EVERY = 2000;
const JSON_TYPE = "application/json";

async function post(path: string, body: unknown, secret: string): Promise<Response> {
  const headers = { "Content-Type": JSON_TYPE, "X-Mesascope-Token": secret };
  const found = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => {
    throw new Error("the explorer does not answer: is it still running?");
  });
  if (found.ok) return found;
  const told = (await found.json().catch(() => null)) as { error?: { message?: string } } | null;
  const message = told?.error?.message ?? `the explorer answers with status ${found.status}`;
  throw found.status === 503 ? new Busy(message) : new Error(message);
}

function server(secret: string): Server {
  return {
    async answer(agent, levels) {
      const found = (await (await post("/answer", { agent, levels }, secret)).json()) as { answers: { policy: number[][] }[] };
      return found.answers.map(({ policy }) => policy);
    },
    async episode(agent, level, from) {
      return (await (await post("/episode", { agent, level, ...from }, secret)).json()) as Episode;
    },
    async gif(agent, level, path, policy) {
      return await (await post("/gif", { agent, level, path, policy }, secret)).blob();
    },
  };
}

/** The door: the token stands in the fragment of the printed link, and goes nowhere but into the one request that lets in. */
async function enter(place: HTMLElement): Promise<void> {
  const given = /^#token=([\w-]{1,100})$/.exec(location.hash)?.[1];
  const say = (text: string): void => place.replaceChildren(el("p", { class: "lead" }, text));
  if (!given) return say("Open the link that mesascope explore printed in the terminal: it holds the token of this start.");
  try {
    await post("/enter", {}, given);
    location.replace("/");
  } catch (error) {
    say((error as Error).message);
  }
}

interface Running {
  readonly name: string;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
  readonly conditions: Readonly<Record<string, number>>;
  readonly problem: string;
}

/** Look again and again at what is running; when a study ends, the list has another line. */
function watch(place: HTMLElement): void {
  let before: string[] | null = null;
  async function look(): Promise<void> {
    const found = await fetch("/progress", { headers: { Accept: JSON_TYPE } });
    if (!found.ok) return;
    const { running } = (await found.json()) as { running: Running[] };
    const names = running.map(({ name }) => name);
    if (before?.some((name) => !names.includes(name))) location.reload();
    before = names;
    draw(place, running);
  }
  setInterval(() => {
    if (!document.hidden) look().catch(() => undefined); // a server that has stopped has nothing new
  }, EVERY);
}

function draw(place: HTMLElement, running: readonly Running[]): void {
  const heading = place.querySelector("h2");
  if (!running.length) return place.replaceChildren();
  const cells = (one: Running): string[] => [
    String(one.done),
    String(one.running),
    String(one.failed),
    one.problem || Object.entries(one.conditions).map(([name, count]) => `${name}: ${count}`).join(", "),
  ];
  const rows = running.map((one) =>
    el("tr", {}, el("th", { scope: "row" }, one.name), ...cells(one).map((text) => el("td", {}, text))),
  );
  const body = place.querySelector("tbody");
  if (heading && body) return body.replaceChildren(...rows);
  const heads = ["", "cells done", "running", "failed", "done by condition"].map((head) => el("th", { scope: "col" }, head));
  const table = el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
  place.replaceChildren(el("section", { id: "running" }, el("h2", {}, "In progress"), el("div", { class: "scroll" }, table)));
}

if (token) globalThis.mesascopeServer = server(token);

function start(): void {
  const door = document.querySelector<HTMLElement>("[data-door]");
  if (door) void enter(door);
  // Whoever was let in before is not asked for the token again: it does not stay in the address.
  else if (location.hash.startsWith("#token=")) history.replaceState(null, "", location.pathname);
  const progress = document.querySelector<HTMLElement>("[data-progress]");
  if (progress) watch(progress);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
