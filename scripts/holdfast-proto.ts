// Writes schema/holdfast/v1 from the operations that have a route: .proto files, and the numbers of their fields, which stay.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import known from "../schema/holdfast/v1/field-numbers.json" with { type: "json" };
import { operations } from "../src/operations/index.ts";
import type { FieldNumberTable } from "../src/transports/api/holdfast/field-numbers.ts";
import { holdfastPackage } from "../src/transports/api/holdfast/holdfast-package.ts";
import { protoFiles } from "../src/transports/api/holdfast/proto-text.ts";

const target = process.argv[2];
if (target === undefined) throw new Error("usage: holdfast-proto.ts FOLDER");
const place = join(target, "holdfast", "v1");
mkdirSync(place, { recursive: true });
const described = holdfastPackage(operations, known as unknown as FieldNumberTable);
for (const [name, text] of protoFiles(described)) writeFileSync(join(target, name), text);
writeFileSync(join(place, "field-numbers.json"), described.numbers.text());
// The one that is written by hand.
copyFileSync(join(import.meta.dir, "..", "schema", "holdfast", "v1", "error.proto"), join(place, "error.proto"));
