// Writes docs/reference/settings.md from the table of settings.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { settingsReference } from "../src/config/settings-reference.ts";

const target = process.argv[2];
if (target === undefined) throw new Error("usage: settings-reference.ts FILE");
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, settingsReference());
