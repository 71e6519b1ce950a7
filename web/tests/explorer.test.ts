import { describe, expect, it, vi } from "vitest";
import { difference } from "../src/difference";
import { drawnDifference } from "../src/draw/difference";
import { readLevel, same, type World } from "../src/level";
import { isLink, printLink, readLink, type Linked } from "../src/link";
import { best, disagreement, regret, surprise } from "../src/measures";
import { remote } from "../src/players";
import { values } from "../src/policy";
import { Busy, type Server } from "../src/server";
import { table } from "../src/table";

const thing = (letter: string, name: string, worth: number) =>
  ({ letter, name, shape: "disc", color: "red", shows: [0, 1], worth, group: name, most: 1 }) as const;
const world: World = {
  brushes: [
    { letter: "#", name: "wall", shape: "solid", color: "", shows: [1, 0], worth: 0, group: "", most: null },
    { letter: ".", name: "free cell", shape: "free", color: "", shows: [0, 0], worth: 0, group: "", most: null },
    thing("d", "door", 1),
    thing("b", "=ball, \"b\"", 0),
  ],
  actions: ["up", "down", "left", "right"],
  moves: [[-1, 0], [1, 0], [0, -1], [0, 1]],
  discount: 0.9,
  legend: "",
  headings: [],
};
const level = (...rows: string[]) => {
  const edge = "#".repeat(rows[0].length + 2);
  return readLevel(world, [edge, ...rows.map((row) => `#${row}#`), edge].join("\n"));
};
const always = (action: number, cells: number) => Float64Array.from({ length: 4 * cells }, (_, at) => (at % 4 === action ? 1 : 0));
const evenly = (cells: number) => new Float64Array(4 * cells).fill(0.25);

describe("a difference", () => {
  const row = level("..d");
  it("is nothing between a policy and itself", () => {
    expect(difference(world, [row, row], [always(3, 3), always(3, 3)])).toMatchObject({ turned: [], compared: [0, 1], mean: 0 });
  });
  it("is whole between policies that share no action, and counts the cells that turn", () => {
    expect(difference(world, [row, row], [always(3, 3), always(2, 3)])).toMatchObject({ turned: [0, 1], mean: 1 });
  });
  it("is half the sum of the absolute differences", () => {
    expect(difference(world, [row, row], [always(0, 3), evenly(3)])!.mean).toBeCloseTo(0.75);
  });
  it("compares cells that are free in both levels, and levels of one size", () => {
    expect(difference(world, [row, level("#.d")], [always(3, 3), always(2, 3)])!.compared).toEqual([1]);
    expect(difference(world, [row, level("..d.")], [always(3, 3), always(2, 4)])).toBeNull();
  });
  it("is drawn with the arrows of both where they turn", () => {
    const found = difference(world, [row, row], [always(3, 3), always(2, 3)])!;
    const classes = drawnDifference(world, row, found, [always(3, 3), always(2, 3)]).map(({ attributes }) => attributes.class);
    expect(classes.filter((one) => one === "ms-differs")).toHaveLength(2);
    expect(classes).toContain("ms-arrow ms-one");
    expect(classes).toContain("ms-arrow ms-other");
    const none = difference(world, [row, row], [evenly(3), evenly(3)])!;
    expect(drawnDifference(world, row, none, [evenly(3), evenly(3)]).some(({ attributes }) => /arrow|differs/.test(attributes.class))).toBe(false);
  });
});

describe("measures of a level", () => {
  const row = level("..d");
  it("know the best return", () => expect([...best(world, row).values]).toEqual([0.9, 1, 0]));
  it("have no regret for the best policy, and all of it for one that never arrives", () => {
    expect(regret(world, row, values(world, row, always(3, 3)))).toBeCloseTo(0);
    expect(regret(world, row, values(world, row, always(2, 3)))).toBeCloseTo(0.95);
  });
  it("have a disagreement over the pairs of agents", () => {
    expect(disagreement(world, row, [always(3, 3), always(3, 3), always(2, 3)])).toBeCloseTo(2 / 3);
    expect(disagreement(world, row, [always(3, 3)])).toBe(0);
  });
  it("are surprised by what a planner would not do", () => {
    const [right, left] = [3, 2].map((action) => surprise(world, row, always(action, 3)));
    expect(right).toBeGreaterThanOrEqual(0);
    expect(right).toBeLessThan(0.5);
    expect(left).toBeGreaterThan(2);
  });
});

describe("a link", () => {
  const shown: Linked = { level: level("d.#.", "..b."), start: 5, agent: 1, tick: 3, step: 2, seed: 7, heading: 0, view: "compare", other: null, before: level("d...", "..b.") };
  it("holds level, start, agent, tick and view", () => {
    const found = readLink(world, 2, printLink(world, shown));
    expect(same(found.level, shown.level) && same(found.before!, shown.before!)).toBe(true);
    expect({ ...found, level: 0, before: 0 }).toEqual({ ...shown, level: 0, before: 0 });
  });
  it("reads every level that it writes", () => {
    let state = 1;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 1000; round++) {
      const [height, width] = [1 + random(23), 1 + random(23)];
      const made = { height, width, cells: Uint8Array.from({ length: height * width }, () => random(4)) };
      const link = printLink(world, { ...shown, level: made, start: 0, before: null, view: "each", tick: null });
      expect(same(readLink(world, 2, link).level, made)).toBe(true);
    }
  });
  it("of a level of 13 by 13 is short", () => {
    const wide = { height: 11, width: 11, cells: new Uint8Array(121).fill(3) };
    expect(printLink(world, { ...shown, level: wide, view: "each" }).length).toBeLessThan(110);
  });
  it("to a section of the page is none", () => expect([isLink("#verdicts"), isLink(""), isLink("#bench")]).toEqual([false, false, false]));
  const good = printLink(world, { ...shown, view: "each" });
  it.each([
    ["#bench:", "unknown"],
    [`${good}&agent=1`, "twice"],
    [`${good}&x=1`, "unknown"],
    [good.replace("agent=1", "agent=2"), "agent"],
    [good.replace("agent=1", "agent=-1"), "agent"],
    [good.replace("agent=1", "agent=01"), "agent"],
    [good.replace("agent=1", "agent=1e3"), "agent"],
    [good.replace("start=5", "start=8"), "start"],
    [good.replace("tick=3", "tick=99999"), "tick"],
    [good.replace("step=2", "step=10000"), "step"],
    [good.replace("seed=7", "seed=1000000"), "seed"],
    [`${good}&heading=1`, "heading"],
    [good.replace("2x4", "2x3"), "more cells"],
    [good.replace("2x4", "24x4"), "size"],
    [good.replace("2x4", "0x4"), "size"],
    [good.replace("2x4", "999x4"), "cannot be read"],
    [good.replace(/level=[^&]*&/, ""), "no level"],
    [`${good}&view=<script>`, "unknown"],
    [`${good}&view=all`, "view"],
    [good + "A".repeat(1400), "too long"],
    ["#verdicts", "no link"],
  ])("that is wrong is refused: %s", (text, why) => expect(() => readLink(world, 2, text)).toThrow(why));
  it("of any letters is read or refused, and nothing else happens", () => {
    let state = 7;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 2000; round++) {
      const letters = [...good];
      for (let change = 0; change <= random(4); change++) letters[7 + random(letters.length - 7)] = String.fromCharCode(32 + random(95));
      try {
        const found = readLink(world, 2, letters.join(""));
        expect(found.level.cells.every((cell) => cell < 4)).toBe(true);
      } catch (error) {
        expect((error as Error).constructor).toBe(Error);
      }
    }
  });
});

describe("a table", () => {
  it("has a line for each cell, and no field that a spreadsheet would run", () => {
    const one = level("..b");
    const lines = table(world, [{ title: '=1+"1', level: one, answer: { policy: always(3, 3), values: new Float64Array(3), path: [0] } }, { title: "none", level: one, answer: null }]).trimEnd().split("\n");
    expect(lines[0]).toBe('"board","row","column","cell","p(up)","p(down)","p(left)","p(right)","value"');
    expect(lines[1]).toBe(`"'=1+""1",2,2,"free cell",0.000000,0.000000,0.000000,1.000000,0.000000`);
    expect(lines[3]).toBe(`"'=1+""1",2,4,"'=ball, ""b""",,,,,`);
    expect(lines).toHaveLength(4);
  });
});

describe("an agent that a server answers for", () => {
  const settled = () => new Promise((done) => setTimeout(done, 0));
  const answering = (asked: string[][], reply: (texts: readonly string[]) => Promise<number[][][]>): Server => ({
    answer: (agent, levels) => (asked.push([agent, ...levels]), reply(levels)),
    episode: () => Promise.reject(new Error("it is not followed in episodes")),
    gif: async () => new Blob(),
  });
  const even = async (texts: readonly string[]) => texts.map(() => Array.from({ length: 3 }, () => [0.25, 0.25, 0.25, 0.25]));

  const here = { cell: 0, heading: 0, seed: 0 };

  it("is asked once for a level, and is heard of", async () => {
    const asked: string[][] = [];
    const changed = vi.fn();
    const one = remote(world, "agent", "id", answering(asked, even), changed);
    expect([one.policy(level("..d"), null), one.policy(level("..d"), null)]).toEqual([null, null]);
    await settled();
    expect([...one.policy(level("..d"), null)!]).toEqual(new Array(12).fill(0.25));
    expect(asked).toEqual([["id", "#####\n#..d#\n#####"]]);
    expect(changed).toHaveBeenCalled();
  });
  it("is not asked about levels in between", async () => {
    const asked: string[][] = [];
    const one = remote(world, "agent", "id", answering(asked, even), () => undefined);
    for (const text of ["..d", ".d.", "d..", "d.b"]) one.policy(level(text), null);
    await settled();
    expect(asked.map(([, text]) => text.split("\n")[1])).toEqual(["#..d#", "#d.b#"]);
  });
  it("is asked about many levels of one size together", async () => {
    const asked: string[][] = [];
    const one = remote(world, "agent", "id", answering(asked, async (texts) => texts.map(() => [])), () => undefined);
    one.prepare([level("..d"), level("..d."), level(".d."), level("..d")]);
    await settled();
    expect(asked.map((found) => found.length - 1)).toEqual([2, 1]);
  });
  it("says why there is no answer, and is asked again while it is busy", async () => {
    vi.useFakeTimers();
    const asked: string[][] = [];
    let busy = true;
    const reply = async (texts: readonly string[]) => {
      if (busy) throw new Busy("later");
      if (texts[0].includes("b")) throw new Error("no such level");
      return await even(texts);
    };
    const one = remote(world, "agent", "id", answering(asked, reply), () => undefined);
    one.policy(level("..d"), null);
    await vi.advanceTimersByTimeAsync(10);
    expect([one.trouble(level("..d"), here), one.waiting()]).toEqual(["", "the agent is being loaded \u2026"]);
    busy = false;
    await vi.advanceTimersByTimeAsync(1500);
    expect(one.policy(level("..d"), null)).not.toBeNull();
    one.policy(level("..b"), null);
    await vi.advanceTimersByTimeAsync(10);
    expect(one.trouble(level("..b"), here)).toBe("no such level");
    expect(asked).toHaveLength(3);
    vi.useRealTimers();
  });
});
