// `npm run generate`: writes what is derived from other files. With --check, tells whether it is up to date.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bun, modules, root, tool } from "./paths.mjs";
import { run, tail } from "./run.mjs";

const MESSAGES = "src/transports/api/gitaly/generated";
const GRPC_MESSAGES = "src/transports/api/grpc/generated";
const CLIENT_MESSAGES = "client/src/gitaly/generated";
const SETTINGS = "docs/reference/settings.md";
const COMMANDS = "docs/reference/commands.md";
const OPENAPI = "schema/openapi.json";
const GRAPHQL = "schema/schema.graphql";
const MCP_TOOLS = "schema/mcp-tools.json";
const PROTO = "schema/holdfast";
const MADE = [OPENAPI, GRAPHQL, MCP_TOOLS, PROTO, MESSAGES, GRPC_MESSAGES, CLIENT_MESSAGES, SETTINGS, COMMANDS];

const place = mkdtempSync(join(tmpdir(), "holdfast-generate-"));
process.on("exit", () => rmSync(place, { recursive: true, force: true }));

function must(result) {
  if (result.ok) return;
  console.error(tail(result.output));
  process.exit(1);
}

// The generator is a Node.js program: it is found next to the others, without asking for a package.
const env = { ...process.env, PATH: `${join(modules, ".bin")}:${dirname(process.execPath)}:${process.env.PATH}` };
must(run(tool("buf"), ["generate", "--output", place], { env }));
must(run(tool("buf"), ["generate", "--template", "buf.grpc.gen.yaml", "--output", place], { env }));
must(run(tool("buf"), ["generate", "--template", "client/buf.gen.yaml", "--output", place], { env }));
must(run(bun, ["scripts/settings-reference.ts", join(place, SETTINGS)]));
must(run(bun, ["scripts/openapi.ts", join(place, OPENAPI)]));
must(run(bun, ["scripts/graphql-schema.ts", join(place, GRAPHQL)]));
must(run(bun, ["scripts/mcp-tools.ts", join(place, MCP_TOOLS)]));
must(run(bun, ["scripts/holdfast-proto.ts", join(place, "schema")]));
must(run(bun, ["scripts/commands-reference.ts", join(place, COMMANDS)]));

if (process.argv.includes("--check")) {
  const stale = MADE.filter((path) => !run("diff", ["-r", join(place, path), join(root, path)]).ok);
  for (const path of stale) console.error(`${path} is not what its sources give; run: npm run generate`);
  process.exit(stale.length > 0 ? 1 : 0);
}
for (const path of MADE) {
  rmSync(join(root, path), { recursive: true, force: true });
  cpSync(join(place, path), join(root, path), { recursive: true });
}
