import { describe, expect, it, vi } from "vitest";
import { drawnEpisode } from "../src/draw/episode";
import { center } from "../src/draw/marks";
import { cellsOf, type Episode, outcomeOf, standing, stepWords } from "../src/episode";
import { readLevel, type World } from "../src/level";
import { printLink, readLink } from "../src/link";
import { episodic, player } from "../src/players";
import { Busy, type Server } from "../src/server";
import { stepTable } from "../src/table";

const world: World = {
  brushes: [
    { letter: "#", name: "wall", shape: "solid", color: "", shows: [1, 0], worth: 0, group: "", most: null },
    { letter: ".", name: "free cell", shape: "free", color: "", shows: [0, 0], worth: 0, group: "", most: null },
    { letter: "d", name: "door", shape: "disc", color: "red", shows: [0, 1], worth: 1, group: "door", most: 1 },
  ],
  actions: ["left", "right", "forward"],
  moves: [[-1, 0], [1, 0], [0, -1], [0, 1]],
  discount: 0.9,
  legend: "",
  headings: ["up", "down", "left", "right"],
};
const text = "#####\n#..d#\n#####";
const level = readLevel(world, text);
const move = (cell: number, heading: number, action: number) => ({ cell, heading, probabilities: [0.25, 0.25, 0.5], action });
const turned: Episode = {
  steps: [move(0, 0, 1), move(0, 3, 2), move(1, 3, 2)],
  end_cell: 2, end_heading: 3, ended: "touched", touched: "door", limit: 24, why: "No arrows: the agent turns.",
};
const from = { cell: 0, heading: 0, seed: 0 };

describe("an episode", () => {
  it("says how it ends", () => {
    expect(outcomeOf(turned)).toBe("reaches the door in 3 steps");
    expect(outcomeOf({ ...turned, ended: "cut", touched: null })).toBe("reaches nothing in 3 steps, where the episode is cut");
    expect(outcomeOf({ ...turned, steps: turned.steps.slice(0, 1), ended: "stopped", touched: null })).toBe("stops after 1 step");
  });
  it("has cell, heading and action at every step, and stays at its end", () => {
    expect(cellsOf(turned)).toEqual([0, 0, 1, 2]);
    expect(stepWords(world, level, turned, 1)).toBe("step 2 of 3, in row 2, column 2, looking right: takes forward");
    expect(stepWords(world, level, turned, 99)).toBe("the end, in row 2, column 4, looking right");
    expect(standing(turned, 99)).toEqual({ cell: 2, heading: 3 });
  });
  it("is drawn up to the step that is looked at, with the agent there and no arrows of a policy", () => {
    const of = (step: number) => drawnEpisode(world, level, turned, step);
    const paths = (step: number) => of(step).filter(({ attributes }) => attributes.class === "ms-path").map(({ attributes }) => attributes.d);
    expect(paths(0)).toHaveLength(1);
    expect(paths(2)[0]).toBe(paths(0)[0]);
    expect(paths(2)[1]).not.toBe(paths(2)[0]);
    expect(paths(3)[1]).toBe(paths(3)[0]);
    const eye = of(2).find(({ attributes }) => attributes.class === "ms-eye")!;
    expect(Number(eye.attributes.cx)).toBeCloseTo(center(level, 1)[0] - 2.7);
    const agents = (marks: ReturnType<typeof of>) => marks.filter(({ attributes }) => attributes.class === "ms-agent");
    const [x, y] = center(level, 1);
    expect(agents(of(2))[1].attributes.d).toContain(`M${x + 12} ${y}L`); // a beak to the right
    const still: Episode = { ...turned, steps: [{ ...turned.steps[0], heading: null }] };
    expect(agents(drawnEpisode(world, level, still, 0))).toHaveLength(1);
    expect(of(2).some(({ attributes }) => attributes.class === "ms-arrow")).toBe(false);
  });
  it("is a table with a line for each step and one for the end", () => {
    const lines = stepTable(world, [{ title: "agent", level, episode: turned }, { title: "none", level, episode: null }]).trimEnd().split("\n");
    expect(lines[0]).toBe('"board","step","row","column","heading","action","p(left)","p(right)","p(forward)","touched"');
    expect(lines[1]).toBe('"agent",1,2,2,"up","right",0.250000,0.250000,0.500000,');
    expect(lines[4]).toBe('"agent",4,2,4,"right",,,,,"door"');
    expect(lines).toHaveLength(5);
  });
  it("is kept by a link with its step, its seed and its heading", () => {
    const shown = { level, start: 1, agent: 0, tick: null, step: 4, seed: 11, heading: 3, view: "each", other: null, before: null } as const;
    expect(readLink(world, 1, printLink(world, shown))).toMatchObject({ start: 1, step: 4, seed: 11, heading: 3 });
    expect(() => readLink(world, 1, printLink(world, { ...shown, heading: 4 }))).toThrow("heading");
  });
});

describe("an agent that is followed in episodes", () => {
  const settled = () => new Promise((done) => setTimeout(done, 0));
  const serving = (episode: Server["episode"]): Server => ({
    answer: () => Promise.reject(new Error("it has no policy")),
    episode,
    gif: async () => new Blob(),
  });

  it("is asked once for a level, a start and a seed, and again where one of them is another", async () => {
    const asked: string[] = [];
    const one = episodic(world, "agent", "id", serving(async (id, shown, { cell, heading, seed }) => {
      asked.push(`${id} ${shown === text} ${cell} ${heading} ${seed}`);
      return turned;
    }), () => undefined);
    for (const start of [from, { ...from, seed: 1 }, { ...from, heading: 2 }, { ...from, cell: 1 }]) {
      expect(one.episode(level, start)).toBeNull();
      await settled();
      expect(one.episode(level, start)).toBe(turned);
    }
    expect(asked).toEqual(["id true 0 0 0", "id true 0 0 1", "id true 0 2 0", "id true 1 0 0"]);
  });
  it("has no policy, and is never asked for one", async () => {
    const one = episodic(world, "agent", "id", serving(async () => turned), () => undefined);
    one.prepare([level]);
    await settled();
    expect([one.policy(level, null), one.known(level), one.episodic]).toEqual([null, null, true]);
  });
  it("says why there is no episode, and is asked again while it is busy", async () => {
    vi.useFakeTimers();
    const told = vi.fn<Server["episode"]>().mockRejectedValueOnce(new Busy("later")).mockRejectedValueOnce(new Error("no free cell"));
    const one = episodic(world, "agent", "id", serving(told), () => undefined);
    one.episode(level, from);
    await vi.advanceTimersByTimeAsync(10);
    expect([one.trouble(level, from), one.waiting()]).toEqual(["", "the agent is being loaded \u2026"]);
    await vi.advanceTimersByTimeAsync(1500);
    expect(one.trouble(level, from)).toBe("no free cell");
    expect(one.trouble(level, { ...from, seed: 1 })).toBe("");
    vi.useRealTimers();
  });
  it("needs a server", () => {
    const given = { name: "agent", id: "id", agent: { kind: "episodic", config: {}, arrays: {} } };
    expect(() => player(world, given, () => undefined)).toThrow("no server");
  });
});
