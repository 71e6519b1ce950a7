// Builds the bundle of a report. `node build.mjs FILE` writes to another place than the one that is shipped.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const outfile = process.argv[2] ?? join(here, "../mesascope/reports/html/bench.js");

/** All that the bundle depends on, as one hash: a test compares it without Node. */
function sources() {
  const files = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const all = [...files, join(here, "build.mjs"), join(here, "package-lock.json")];
  const hash = createHash("sha256");
  const named = all.map((file) => [relative(here, file).replaceAll("\\", "/"), file]);
  for (const [name, file] of named.sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\n`);
    hash.update(readFileSync(file, "utf8").replaceAll("\r\n", "\n"));
  }
  return hash.digest("hex");
}

await build({
  entryPoints: [join(here, "src/main.ts")],
  outfile,
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "mesascope",
  target: "es2022",
  charset: "ascii",
  legalComments: "none",
  banner: { js: `/* Built from web/ by node web/build.mjs; sources ${sources()} */` },
});
