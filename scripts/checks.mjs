// What can be said about the code without running it, one tool each.
import { bun, tool } from "./paths.mjs";
import { run } from "./run.mjs";

export const checks = [
  { name: "format", run: () => run(tool("oxfmt"), ["--check"]) },
  { name: "types", run: () => run(tool("tsc"), ["-p", "."]) },
  // With the types of Node alone: the client uses nothing of Bun's.
  { name: "client types", run: () => run(tool("tsc"), ["-p", "client", "--noEmit"]) },
  { name: "lint", run: () => run(tool("oxlint"), ["--type-aware", "--deny-warnings"]) },
  { name: "generated files", run: () => run(process.execPath, ["scripts/generate.mjs", "--check"]) },
];

/** The tree's own rules are tests: `npm test` runs them with all others. */
export const tidy = { name: "tidy", run: () => run(bun, ["test", "test/tidy.test.ts"]) };
