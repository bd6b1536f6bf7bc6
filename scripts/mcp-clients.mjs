// MCP as other programs use it: the protocol's conformance suite, and the command line of its inspector.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outcome } from "./parts.mjs";
import { bun, root } from "./paths.mjs";
import { run, tail } from "./run.mjs";
import { withServer } from "./temporary-server.mjs";

const PLACE = join(root, "test", "tools", "mcp");
const MODULES = join(PLACE, "node_modules");
const STAMP = join(MODULES, ".holdfast-lock");
const CLIENT_MS = 120_000;

const lockHash = () =>
  createHash("sha256")
    .update(readFileSync(join(PLACE, "package-lock.json")))
    .digest("hex");

/** Installs the clients when they are missing, or others are wanted by now. */
function install() {
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lockHash()) return;
  const npm = run("npm", ["install", "--no-save", "--ignore-scripts", "--loglevel=error"], { cwd: PLACE });
  if (!npm.ok) throw new Error(`npm install failed:\n${tail(npm.output)}`);
  writeFileSync(STAMP, lockHash());
}

/** The suite is run by Bun: it wants a newer Node.js than everybody has. */
function conformanceSuite(http) {
  const suite = join(MODULES, "@modelcontextprotocol", "conformance", "dist", "index.js");
  const expected = join(PLACE, "expected-failures.yml");
  const args = [suite, "server", "--url", `${http}/mcp`, "--expected-failures", expected];
  const { ok, output } = run(bun, args, { cwd: PLACE, timeout: CLIENT_MS });
  const passed = Number(/^Total: (\d+) passed/m.exec(output)?.[1] ?? 0);
  return outcome(passed, ok && passed > 0 ? 0 : 1, output);
}

/** What the inspector prints of a server; `where` names it on the command line. */
function inspect(where, args) {
  const program = realpathSync(join(MODULES, ".bin", "mcp-inspector"));
  return run(process.execPath, [program, "--cli", ...where, ...args], { cwd: PLACE, timeout: CLIENT_MS });
}

function inspector(http, data) {
  const place = mkdtempSync(join(tmpdir(), "holdfast-inspector-"));
  try {
    const config = join(place, "mcp.json");
    const command = {
      command: bun,
      args: [join(root, "src", "cli", "holdfast.ts"), "mcp"],
      env: { HOLDFAST_DATA: data },
    };
    writeFileSync(config, JSON.stringify({ mcpServers: { holdfast: command } }));
    const runs = [[`${http}/mcp`], ["--config", config, "--server", "holdfast"]].flatMap((where) => [
      { wanted: '"get_blob"', ...inspect(where, ["--method", "tools/list"]) },
      { wanted: '"access": "admin-access"', ...inspect(where, ["--method", "tools/call", "--tool-name", "who_am_i"]) },
      { wanted: "holdfast://{repo}", ...inspect(where, ["--method", "resources/templates/list"]) },
      { wanted: '"review_changes"', ...inspect(where, ["--method", "prompts/list"]) },
    ]);
    const failed = runs.filter(({ ok, output, wanted }) => !ok || !output.replaceAll("\\", "").includes(wanted));
    return outcome(runs.length - failed.length, failed.length, failed.map(({ output }) => tail(output)).join("\n"));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Runs both against a server of their own, which trusts everybody: neither of them brings a token. */
export async function mcpClients(report) {
  const server = (use) => withServer({ HOLDFAST_ANON_ACCESS: "admin-access" }, use);
  await report.part("mcp conformance", async () => {
    install();
    return server(({ http }) => conformanceSuite(http));
  });
  await report.part("mcp inspector", () => server(({ http, data }) => inspector(http, data)));
}
