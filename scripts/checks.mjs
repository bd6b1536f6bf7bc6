// What can be said about the code without running it, one tool each.
import { join } from "node:path";
import { bun, root, tool } from "./paths.mjs";
import { run } from "./run.mjs";

/** Has a compiler of its own, so it lies with the client. */
const typedoc = join(root, "client", "node_modules", ".bin", "typedoc");

export const checks = [
  { name: "format", run: () => run(tool("oxfmt"), ["--check"]) },
  { name: "types", run: () => run(tool("tsc"), ["-p", "."]) },
  // With the types of Node alone: the client uses nothing of Bun's.
  { name: "client types", run: () => run(tool("tsc"), ["-p", "client", "--noEmit"]) },
  // Apart: what it is made of brings the types of browsers along.
  { name: "example types", run: () => run(tool("tsc"), ["-p", "examples/catalog-api", "--noEmit"]) },
  { name: "lint", run: () => run(tool("oxlint"), ["--type-aware", "--deny-warnings"]) },
  // Its settings make a mistake of every warning: what is exported is documented, what is linked exists.
  { name: "client reference", run: () => run(typedoc, ["--emit", "none"], { cwd: join(root, "client") }) },
  { name: "proto lint", run: () => run(tool("buf"), ["lint", "schema"]) },
  { name: "generated files", run: () => run(process.execPath, ["scripts/generate.mjs", "--check"]) },
];

/** The tree's own rules are tests: `npm test` runs them with all others. */
export const tidy = { name: "tidy", run: () => run(bun, ["test", "test/tidy.test.ts"]) };
