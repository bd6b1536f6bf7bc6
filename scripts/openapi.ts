// Writes schema/openapi.json from the operations that have a route.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { operations } from "../src/operations/index.ts";
import { openapiDocument } from "../src/transports/api/rest/openapi/openapi-document.ts";
import { VERSION } from "../src/version.ts";

const target = process.argv[2];
if (target === undefined) throw new Error("usage: openapi.ts FILE");
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${JSON.stringify(openapiDocument(operations, VERSION), null, 2)}\n`);
