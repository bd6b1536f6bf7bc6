import type { TSchema } from "@sinclair/typebox";
import { jsonCodec, jsonName, type Naming } from "../../src/contract/json-codec.ts";
import type { Operation } from "../../src/contract/operation.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { repositoryNameOf } from "../../src/domain/repository-name.ts";
import { derivedName } from "../../src/transports/api/derived/derived-field.ts";
import { isRepository } from "../../src/transports/api/derived/repository-field.ts";

/** An operation's input as a client of a derived door writes it in JSON: names in the door's case, repositories by full name. */
export function derivedInput(
  operation: Operation,
  input: Record<string, unknown>,
  naming: Naming,
): Record<string, unknown> {
  const json = { ...(jsonCodec(operation.input, naming).encode(input) as Record<string, unknown>) };
  for (const [field, schema] of Object.entries(operation.input["properties"] as Record<string, TSchema>)) {
    if (!isRepository(schema) || input[field] === undefined) continue;
    delete json[jsonName(field, schema, naming)];
    const { relativePath } = input[field] as RepositoryRef;
    json[derivedName(field, schema, naming)] = repositoryNameOf(relativePath);
  }
  return json;
}
