// Builds the script of a report and that of the explorer. `node build.mjs FOLDER` writes both to a folder, and not to their places.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const package_ = join(here, "../mesascope");
const scripts = [
  { entry: "src/main.ts", name: "bench.js", home: join(package_, "reports/html"), globalName: "mesascope" },
  { entry: "src/explorer.ts", name: "explorer.js", home: join(package_, "explorer") },
];

/** All that the scripts depend on, as one hash: a test compares it without Node. */
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

for (const { entry, name, home, globalName } of scripts) {
  await build({
    entryPoints: [join(here, entry)],
    outfile: join(process.argv[2] ?? home, name),
    bundle: true,
    minify: true,
    format: "iife",
    ...(globalName ? { globalName } : {}),
    target: "es2022",
    charset: "ascii",
    legalComments: "none",
    banner: { js: `/* Built from web/ by node web/build.mjs; sources ${sources()} */` },
  });
}
