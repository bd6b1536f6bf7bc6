// Installs the npm packages when they are missing or the lock file has changed since.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bun, modules, root } from "./paths.mjs";
import { run, tail } from "./run.mjs";

const STAMP = join(modules, ".holdfast-lock");
/** Until its installer has run, the bun package holds a notice of a few hundred bytes in place of the program. */
const NOTICE_BYTES_MAX = 1024 * 1024;

const lockHash = () =>
  createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
const installedHash = () => (existsSync(STAMP) ? readFileSync(STAMP, "utf8") : "");
const bunIsThere = () => existsSync(bun) && statSync(bun).size > NOTICE_BYTES_MAX;

/** Is everything there that the lock file names? */
export const dependenciesAreInstalled = () => installedHash() === lockHash() && bunIsThere();

/** Throws with the end of npm's output when the packages cannot be installed. */
export function installDependencies(say) {
  if (dependenciesAreInstalled()) return;
  say("installing npm packages …");
  // Not `npm ci`: it would empty node_modules below a running server, and it refuses a lock file
  // that lacks the optional programs of platforms we do not run on.
  const npm = run("npm", ["install", "--no-save", "--include=dev", "--ignore-scripts", "--loglevel=error"]);
  if (!npm.ok) throw new Error(`npm install failed:\n${tail(npm.output)}`);
  if (!bunIsThere()) {
    // The only install script that is run: it puts the program of this platform in its place.
    const installer = run(process.execPath, [join(modules, "bun", "install.js")]);
    if (!installer.ok || !bunIsThere()) throw new Error(`bun cannot be installed:\n${tail(installer.output)}`);
  }
  writeFileSync(STAMP, lockHash());
}
