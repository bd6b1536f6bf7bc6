// Writes schema/mcp-tools.json: every tool that agents may be offered, by its toolset.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { operations } from "../src/operations/index.ts";
import { toolsOf } from "../src/transports/api/mcp/tool.ts";

const target = process.argv[2];
if (target === undefined) throw new Error("usage: mcp-tools.ts FILE");
const tools = toolsOf(operations)
  .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  .map(({ toolset, isDefault, definition }) => ({ toolset, default: isDefault, ...definition }));
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify({ tools }, null, 2)}\n`);
