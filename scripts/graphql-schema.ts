// Writes schema/schema.graphql from the operations that have a route.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { printSchema } from "graphql";
import { operations } from "../src/operations/index.ts";
import { graphqlSchema } from "../src/transports/api/graphql/graphql-schema.ts";

const target = process.argv[2];
if (target === undefined) throw new Error("usage: graphql-schema.ts FILE");
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${printSchema(graphqlSchema(operations))}\n`);
