// `npm start`: sets up what is missing, then serves. Arguments are the command line's:
// none, or flags alone, mean `serve`.
import { join } from "node:path";
import { bun, root } from "./paths.mjs";
import { become } from "./run.mjs";
import { withRuntime } from "./runtime.mjs";
import { say, setUp } from "./setup.mjs";

const given = process.argv.slice(2);
const first = given[0];
const isRoot = first !== undefined && (!first.startsWith("-") || ["--help", "-h", "--version", "-V"].includes(first));
const args = isRoot ? given : ["serve", ...given];

const missing = setUp();
const env = withRuntime(process.env);
if (missing !== undefined) {
  say(missing);
  say("going on with GIT_BACKEND=shell");
  env.GIT_BACKEND = "shell";
}
become(bun, [join(root, "src", "cli", "holdfast.ts"), ...args], { env });
