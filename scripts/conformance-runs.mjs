// The conformance suite of the Gitaly protocol, against every way to serve it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";
import { counted, outcome } from "./parts.mjs";
import { withServer } from "./temporary-server.mjs";

const SUITE = join(root, "..", "shared", "conformance", "gitaly", "run.mjs");
const SECRET = "conformance-secret";
/** The suite takes half a minute; one that takes this long hangs. */
const SUITE_MS = 600_000;

/** Each way, its settings, and what else the suite is told. */
const RUNS = [
  { name: "libgit2", settings: { GIT_BACKEND: "libgit2", HOLDFAST_CANARY_PERCENT: "0" } },
  { name: "shell", settings: { GIT_BACKEND: "shell", HOLDFAST_CANARY_PERCENT: "0" } },
  { name: "canary", settings: { GIT_BACKEND: "libgit2", HOLDFAST_CANARY_PERCENT: "100" }, agrees: true },
  { name: "token", settings: { GIT_BACKEND: "libgit2", HOLDFAST_GRPC_TOKEN: SECRET }, args: ["--token", SECRET] },
];

function runSuite(server, args) {
  const options = ["--address", server.grpc, "--storage-path", server.storage, ...args];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [SUITE, ...options], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), SUITE_MS);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ ok: code === 0, output });
    });
  });
}

/** Both backends gave the same answers, and enough of them were compared for that to mean something. */
async function canaryVerdict(server) {
  const metrics = await (await fetch(`${server.http}/metrics`)).text();
  const sum = (name) =>
    [...metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].reduce(
      (all, [, value]) => all + Number(value),
      0,
    );
  const compared = sum("holdfast_canary_comparisons_total");
  const differences = sum("holdfast_canary_differences_total");
  const lines = metrics.split("\n").filter((line) => line.startsWith("holdfast_canary"));
  const agreed = compared > 0 && differences === 0;
  return outcome(
    agreed ? 1 : 0,
    agreed ? 0 : 1,
    `canary: ${compared} compared, ${differences} differences\n${lines.join("\n")}`,
  );
}

async function once({ settings, args = [], agrees = false }, more) {
  return withServer(settings, async (server) => {
    const suite = counted(await runSuite(server, [...args, ...more]));
    if (!agrees) return suite;
    const verdict = await canaryVerdict(server);
    return outcome(suite.passed + verdict.passed, suite.failed + verdict.failed, `${suite.log}\n${verdict.log}`);
  });
}

/** Runs the suite in the named ways, all by default; `more` goes to the suite. */
export async function conformance(report, names = [], more = []) {
  if (!existsSync(SUITE)) {
    const log = `the conformance suite is not beside the repository: ${SUITE}`;
    await report.part("conformance", () => outcome(0, process.env.CI === "true" ? 1 : 0, log));
    console.log(log);
    return;
  }
  for (const each of RUNS) {
    if (names.length > 0 && !names.includes(each.name)) continue;
    await report.part(`conformance ${each.name}`, () => once(each, more));
  }
}
