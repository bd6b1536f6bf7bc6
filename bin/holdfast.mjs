#!/usr/bin/env node
// The command line in a checkout: `npx holdfast …`. Runs under plain Node.js and finds Bun by itself.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bun, root } from "../scripts/paths.mjs";
import { become } from "../scripts/run.mjs";
import { withRuntime } from "../scripts/runtime.mjs";

if (!existsSync(bun)) {
  process.stderr.write("holdfast: not set up yet; run `npm start` once\n");
  process.exit(1);
}
become(bun, [join(root, "src", "cli", "holdfast.ts"), ...process.argv.slice(2)], { env: withRuntime(process.env) });
