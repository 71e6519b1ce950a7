// Runs what a report's script computes, without a page: a request as JSON on standard input, the answer on standard output.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

runInThisContext(readFileSync(new URL("../../mesascope/reports/html/bench.js", import.meta.url), "utf8"));
const m = runInThisContext("mesascope");
const { world, agent, kin, cases } = JSON.parse(readFileSync(0, "utf8"));
const runs = agent && m.readAgent(agent);
const list = (numbers) => Array.from(numbers);

const answers = {
  policy({ text, start }) {
    const level = m.readLevel(world, text);
    const { policy, values, path } = m.answer(world, runs, level, m.run(world, runs, level).at(-1), start ?? 0);
    return { policy: list(policy), values: list(values), path };
  },
  edit({ text, changed, place }) {
    const [before, after] = [text, changed].map((one) => m.readLevel(world, one));
    const { edited, cells } = m.tryEdit(world, runs, before, after, place);
    return { policy: list(m.softmax(runs.act(edited.at(-1), before), world.moves.length)), cells: list(cells.keys()) };
  },
  marks({ text, policy, values, path }) {
    const level = m.readLevel(world, text);
    const asked = { policy: policy && Float64Array.from(policy), values: values && Float64Array.from(values), path };
    return m.drawn({ world, level, ...asked });
  },
  badges({ text }) {
    const level = m.readLevel(world, text);
    return [m.solvable(world, level), m.resembles(world, level, kin)];
  },
  text: ({ text }) => m.printLevel(world, m.readLevel(world, text)),
  // Of the processor: a busy machine does not count.
  seconds({ text, repeats }) {
    const level = m.readLevel(world, text);
    return Array.from({ length: repeats }, () => {
      const begun = process.cpuUsage();
      const found = m.answer(world, runs, level, m.run(world, runs, level).at(-1), 0);
      m.drawn({ world, level, ...found });
      const { user, system } = process.cpuUsage(begun);
      return (user + system) / 1e6;
    });
  },
};
process.stdout.write(JSON.stringify(cases.map((one) => answers[one.ask](one))));
