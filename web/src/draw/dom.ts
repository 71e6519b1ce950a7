/** Elements made without any text being read as markup. */

import { extent, type Mark, MARGIN } from "./marks";
import type { Level } from "../level";

const SVG = "http://www.w3.org/2000/svg";

type Given = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>;
type Child = Node | string | null | undefined;

/** An HTML element; functions among what is given listen, `false` and undefined are left out. */
export function el<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, given: Given = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") made.addEventListener(name, value as EventListener);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** An element of a mark. */
export function svgElement({ tag, attributes, text }: Mark): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** An empty picture of a level. */
export function picture(level: Level): SVGSVGElement {
  const made = document.createElementNS(SVG, "svg") as SVGSVGElement;
  made.setAttribute("class", "ms-level");
  made.setAttribute("role", "img");
  fit(made, level);
  return made;
}

/** A picture gets the size of a level. */
export function fit(made: SVGSVGElement, level: Level): void {
  const [width, height] = extent(level);
  made.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${width} ${height}`);
  made.setAttribute("width", String(width));
  made.setAttribute("height", String(height));
}

/** What a picture holds, and what it is called. */
export function show(made: SVGSVGElement, marks: readonly Mark[], label: string): void {
  made.replaceChildren(...marks.map(svgElement));
  made.setAttribute("aria-label", label);
}
