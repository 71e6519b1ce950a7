import { describe, expect, it } from "vitest";
import { resembles, solvable } from "../src/badges";
import { begin, push, redo, undo } from "../src/history";
import { elsewhere, patch } from "../src/inside";
import { drag, mirror, paint, printLevel, readLevel, resize, same, successors, tooMany, type World } from "../src/level";
import { nearestFree, path, reaching, values } from "../src/policy";
import { change, commit, fresh, scenario, stroke } from "../src/ui/state";

const thing = (letter: string, name: string, worth: number, group: string, most: number) =>
  ({ letter, name, shape: "disc", color: "red", shows: [0, 1], worth, group, most }) as const;
const world: World = {
  brushes: [
    { letter: "#", name: "wall", shape: "solid", color: "", shows: [1, 0], worth: 0, group: "", most: null },
    { letter: ".", name: "free cell", shape: "free", color: "", shows: [0, 0], worth: 0, group: "", most: null },
    thing("d", "door", 1, "door", 1),
    thing("b", "ball", 0, "ball", 2),
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
const inner = (of: ReturnType<typeof level>) => printLevel(world, of).split("\n").slice(1, -1).map((line) => line.slice(1, -1));

describe("a level", () => {
  it("is written as it is read", () => expect(inner(level("d.b", "#.."))).toEqual(["d.b", "#.."]));
  it.each([
    ["###\n#?#\n###", "line 2, column 2"],
    ["####\n#..#\n###", "line 3 has 3 characters"],
    ["#.#\n#.#\n###", "the border"],
    ["", "at least 3 lines"],
  ])("that is wrong says where: %j", (text, message) => expect(() => readLevel(world, text)).toThrow(message));
  it("holds no more of a group than it may: what comes first makes way", () => {
    const two = paint(world, level("d..", "..."), 5, 2);
    expect(inner(two)).toEqual(["...", "..d"]);
    expect(tooMany(world, two)).toBeNull();
    expect(inner(paint(world, level("bb.", "..."), 4, 3))).toEqual([".b.", ".b."]);
  });
  it("with too many of a group is said to be none, and shown", () => expect(solvable(world, level("dd.")).why).toContain("2 of door"));
  it("stays as it is when it is changed", () => {
    const before = level("d..");
    paint(world, before, 1, 0);
    drag(world, before, 0, 2);
    expect(inner(before)).toEqual(["d.."]);
  });
  it("is dragged, mirrored, and cut", () => {
    expect(inner(drag(world, level("d#."), 0, 2))).toEqual([".#d"]);
    expect(inner(mirror(level("d#.", "..b")))).toEqual([".#d", "b.."]);
    expect(inner(resize(world, level("d#.", "..b"), 3, 2))).toEqual(["d#", "..", ".."]);
    expect(same(mirror(mirror(level("d#.", "..b"))), level("d#.", "..b"))).toBe(true);
  });
  it("keeps who walks into a wall or the border in place", () => {
    expect([...successors(world, level(".#", "d."))].slice(0, 4)).toEqual([0, 2, 0, 0]);
  });
});

describe("history", () => {
  it("goes back and forth, and forgets what was taken back when something new is done", () => {
    const three = push(push(begin(1), 2), 3);
    expect(undo(three).now).toBe(2);
    expect(redo(undo(three)).now).toBe(3);
    expect(redo(push(undo(three), 4)).now).toBe(4);
    expect(undo(begin(1)).now).toBe(1);
    expect(redo(begin(1)).now).toBe(1);
  });
});

describe("a policy", () => {
  const right = (cells: number) => Float64Array.from({ length: cells * 4 }, (_, at) => (at % 4 === 3 ? 1 : 0));
  it("has the values of the discounted way to the goal", () => {
    const row = level("...d");
    const found = values(world, row, right(4));
    expect([...found].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([0.81, 0.9, 1, 0]);
  });
  it("ends where a thing is touched, or where a cell comes again", () => {
    expect(path(world, level("..d"), right(3), 0)).toEqual([0, 1, 2]);
    expect(path(world, level("..#"), right(3), 0)).toEqual([0, 1, 1]);
  });
  it("does not reach a goal through a thing", () => {
    expect(reaching(world, level("..b.d"), [4]).has(0)).toBe(false);
    expect(solvable(world, level("..b.d")).text).toBe("solvable in part");
  });
  it("begins in the nearest free cell", () => expect(nearestFree(world, level("d#."), 0)).toBe(2));
});

describe("an edit of the inside", () => {
  it("takes each cell from the donor's, clipped at the edge", () => {
    const found = patch([0], [4], 1, { height: 3, width: 3 });
    expect(found.get(4)).toBe(0);
    expect(found.get(0)).toBe(0);
    expect(found.get(8)).toBe(4);
    expect(found.size).toBe(9);
  });
  it("has its control away from things and from itself, or none", () => {
    const wide = level("d......", ".......");
    const away = elsewhere(world, wide, drag(world, wide, 0, 3), [0, 3]);
    expect(away).toHaveLength(2);
    for (const cell of away) expect(Math.min(...[0, 3].map((other) => Math.abs((cell % 7) - other)))).toBeGreaterThan(1);
    expect(elsewhere(world, level("d.."), level("..d"), [0, 2])).toEqual([]);
  });
});

describe("the bench", () => {
  const begun = fresh(scenario(world, level("d...", "...."), 0));
  it("moves the start to a free cell", () => expect(begun.history.now.start).toBe(1));
  it("keeps a gesture that changed something, and no other", () => {
    const now = begun.history.now;
    expect(commit(begun, now, now).history.past).toHaveLength(0);
    const after = change(world, now, drag(world, now.level, 0, 1));
    expect(after.start).not.toBe(1);
    expect(commit(begun, now, after).history.past).toHaveLength(1);
  });
  it("takes away what a stroke begins on", () => {
    expect(stroke(world, level("#."), 0, 0)).toBe(1);
    expect(stroke(world, level("#."), 1, 0)).toBe(0);
  });
  it("writes inside where the inside is edited, and leaves the level", () => {
    const now = { ...begun.history.now, inside: begun.history.now.level };
    const after = change(world, now, drag(world, now.level, 0, 7));
    expect(inner(after.level)).toEqual(["d...", "...."]);
    expect(inner(after.inside!)).toEqual(["....", "...d"]);
  });
});

describe("resemblance", () => {
  const kin = { name: "training", levels: 9, height: 1, width: 3, walls: "..?", things: ["d"], free: [2, 3], connected: true } as const;
  it.each([
    [["d.."], "like training"],
    [["d.b"], "out of distribution"],
    [["#.d"], "out of distribution"],
    [["d...", "...."], "out of distribution"],
  ])("of %j: %s", (rows, text) => expect(resembles(world, level(...rows), [kin]).text).toBe(text));
});
