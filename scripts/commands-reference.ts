// Writes docs/reference/commands.md from the commands.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { commandsReference } from "../src/cli/commands-reference.ts";

const target = process.argv[2];
if (target === undefined) throw new Error("usage: commands-reference.ts FILE");
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, commandsReference());
