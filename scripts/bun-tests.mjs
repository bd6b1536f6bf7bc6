// Runs `bun test` and counts what it did.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outcome } from "./parts.mjs";
import { bun } from "./paths.mjs";
import { run } from "./run.mjs";

/** Generous: two cores may be busy. A test that hangs ends here. */
const TEST_TIMEOUT_MS = 120_000;
/** The whole of it; more than this would not fit into a run of CI. */
const ALL_TESTS_MS = 3_000_000;

const attribute = (tag, name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(tag)?.[1] ?? 0);

/** Tests below the given paths; numbers come from the report that Bun writes for machines. */
export function bunTests(paths, env = {}) {
  const place = mkdtempSync(join(tmpdir(), "holdfast-junit-"));
  const file = join(place, "report.xml");
  const reporting = ["--reporter=junit", `--reporter-outfile=${file}`];
  const options = { env: { ...process.env, ...env }, timeout: ALL_TESTS_MS, killSignal: "SIGKILL" };
  const { ok, output } = run(bun, ["test", `--timeout=${TEST_TIMEOUT_MS}`, ...reporting, ...paths], options);
  const total = existsSync(file) ? /<testsuites\b[^>]*>/.exec(readFileSync(file, "utf8"))?.[0] : undefined;
  rmSync(place, { recursive: true, force: true });
  if (total === undefined) return outcome(0, 1, output);
  const failed = attribute(total, "failures") + attribute(total, "errors");
  const passed = attribute(total, "tests") - failed - attribute(total, "skipped");
  // Bun also fails for what happens between tests, such as an error that nobody caught.
  return outcome(passed, ok || failed > 0 ? failed : 1, failures(output));
}

/** Failures with what led to them; the lines of tests that passed are left out. */
const failures = (output) =>
  output
    .split("\n")
    .filter((line) => !line.startsWith("(pass)"))
    .join("\n");
