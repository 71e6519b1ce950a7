/** The difference of two policies as marks: how far they are apart in each cell, and the arrows of both where they turn. */

import type { Difference } from "../difference";
import type { Level, World } from "../level";
import { CELL, center, drawn, type Mark, things } from "./marks";

/**
 * What differs over a level: shades by distance, or by `values` where they are given, and where the likeliest actions differ the
 * arrows of both policies, the first one thick, the second one thin.
 */
export function drawnDifference(
  world: World,
  level: Level,
  found: Difference,
  [first, second]: readonly [Float64Array, Float64Array],
  values?: Float64Array,
): Mark[] {
  const only = (policy: Float64Array): Float64Array => {
    const kept = new Float64Array(policy.length);
    const actions = world.moves.length;
    for (const cell of found.turned) kept.set(policy.subarray(cell * actions, (cell + 1) * actions), cell * actions);
    return kept;
  };
  const arrows = (policy: Float64Array, classes: string): Mark[] =>
    drawn({ world, level, policy: only(policy) })
      .filter(({ attributes }) => attributes.class === "ms-arrow")
      .map((mark) => ({ ...mark, attributes: { ...mark.attributes, class: classes, opacity: "1" } }));
  const shades = (values ? [] : found.compared)
    .filter((cell) => found.distance[cell] > 0.005)
    .map((cell): Mark => {
      const [x, y] = center(level, cell);
      const side = { width: String(CELL - 2), height: String(CELL - 2) };
      const opacity = String(Math.round(found.distance[cell] * 70) / 100);
      return { tag: "rect", attributes: { class: "ms-differs", opacity, x: String(x - CELL / 2 + 1), y: String(y - CELL / 2 + 1), ...side } };
    });
  const bare = drawn({ world, level, values });
  const ground = bare.slice(0, bare.length - things({ world, level }).length);
  return [...ground, ...shades, ...arrows(first, "ms-arrow ms-one"), ...arrows(second, "ms-arrow ms-other"), ...things({ world, level })];
}
