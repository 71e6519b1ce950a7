/** The one script of a report: makes its bench. Without a page, as in tests, it offers what it computes. */

import { readAgent } from "./agents/agent";
import { answer } from "./answers";
import { resembles, solvable } from "./badges";
import { drawn } from "./draw/marks";
import { edited, patch, run, tryEdit } from "./inside";
import { observe, printLevel, readLevel } from "./level";
import { printLink, readLink } from "./link";
import { best, disagreement, regret, surprise } from "./measures";
import { softmax } from "./policy";
import { mount } from "./ui/bench";
import type { BenchData } from "./ui/data";

export { answer, best, disagreement, drawn, edited, mount, observe, patch, printLevel, printLink, readAgent, readLevel, readLink };
export { regret, resembles, run, softmax, solvable, surprise, tryEdit };

function start(): void {
  for (const place of document.querySelectorAll<HTMLElement>("[data-bench]")) {
    const data = document.getElementById(place.dataset.bench ?? "");
    try {
      if (data?.textContent) mount(place, JSON.parse(data.textContent) as BenchData);
    } catch (error) {
      console.warn("the figure stays as it is printed:", error);
    }
  }
}

if (typeof document !== "undefined") {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}
