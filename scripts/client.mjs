// Builds client/dist, which the examples and the client's own tests import. `node scripts/client.mjs` builds and says why it cannot.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, tool } from "./paths.mjs";
import { run, tail } from "./run.mjs";

const CLIENT = join(root, "client");
const DIST = join(CLIENT, "dist");
/** Lies beside the files it vouches for, so that it goes when they go; package.json keeps it out of the package. */
const STAMP = join(DIST, ".built-from");
/** What decides about the output besides the sources. */
const SETTINGS = ["client/tsconfig.json", "tsconfig.json", "node_modules/typescript/package.json"];

/** Paths within the folder, sorted. */
const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort((a, b) => (a < b ? -1 : 1));

function sourceHash() {
  const hash = createHash("sha256");
  const sources = filesBelow(join(CLIENT, "src")).map((path) => join("client", "src", path));
  for (const path of [...SETTINGS.filter((path) => existsSync(join(root, path))), ...sources]) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

const builtHash = () => (existsSync(STAMP) ? readFileSync(STAMP, "utf8") : "");

/** Is client/dist what the sources give? */
export const clientIsBuilt = () => builtHash() === sourceHash();

/** Builds what is not up to date. Answers undefined when it is built, else why it is not; then the last build stays. */
export function buildClient(say) {
  const hash = sourceHash();
  if (builtHash() === hash) return undefined;
  say("building the client …");
  mkdirSync(DIST, { recursive: true });
  // Beside their place, so that files can be renamed to it, and source maps name sources by the path from there.
  const fresh = mkdtempSync(join(CLIENT, ".dist-"));
  try {
    const tsc = run(tool("tsc"), ["-p", "client", "--noEmitOnError", "--outDir", fresh]);
    if (!tsc.ok) return `the client cannot be built:\n${tail(tsc.output)}`;
    replace(fresh);
    writeFileSync(STAMP, hash);
    return undefined;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Moves new files over old ones, each at once: a process that imports meanwhile finds every file whole. */
function replace(fresh) {
  rmSync(STAMP, { force: true });
  const made = filesBelow(fresh);
  const isNew = (path) => !existsSync(join(DIST, path));
  // New files first, since files that are there already may import them from now on; those that nobody imports any more go last.
  for (const path of [...made.filter(isNew), ...made.filter((path) => !isNew(path))]) {
    mkdirSync(dirname(join(DIST, path)), { recursive: true });
    if (!isSame(join(fresh, path), join(DIST, path))) renameSync(join(fresh, path), join(DIST, path));
  }
  rmSync(fresh, { recursive: true, force: true });
  const kept = new Set(made);
  for (const path of filesBelow(DIST)) if (!kept.has(path)) rmSync(join(DIST, path), { force: true });
}

const isSame = (one, other) => existsSync(other) && readFileSync(one).equals(readFileSync(other));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { installDependencies } = await import("./dependencies.mjs");
  const { withSetupLock } = await import("./setup-lock.mjs");
  const say = (line) => process.stderr.write(`holdfast: ${line}\n`);
  const missing = withSetupLock(say, () => {
    installDependencies(say);
    return buildClient(say);
  });
  if (missing !== undefined) {
    say(missing);
    process.exit(1);
  }
}
