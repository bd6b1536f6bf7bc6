import type { TSchema } from "@sinclair/typebox";
import { type JsonCodec, jsonCodec, jsonName, type Naming, unknownField } from "../../../contract/json-codec.ts";
import type { HttpRoute, Operation } from "../../../contract/operation.ts";
import { PageOf } from "../../../contract/page.ts";
import { OperationError } from "../../../domain/errors.ts";
import { type DerivedField, derivedFields } from "./derived-field.ts";
import { isPaged } from "./list-page.ts";
import { isRepository } from "./repository-field.ts";

/** An operation as the doors that are derived from the table show it. */
export interface DerivedOperation {
  readonly operation: Operation;
  readonly route: HttpRoute;
  /** What it is about: `files`, `branches`, `sessions`. Doors group operations by it. */
  readonly noun: string;
  /** Its fields by the names that callers give them. */
  readonly fields: ReadonlyMap<string, DerivedField>;
  /** What it gives: of a list a page. Undefined of a download, which gives bytes. */
  readonly output: TSchema | undefined;
  /** Its input, as `runDerived` takes it, out of JSON. Throws `invalid_input`. */
  decode(json: Readonly<Record<string, unknown>>): DerivedInput;
  /** What it gives, in JSON. */
  encode(output: unknown): unknown;
}

/** An input by the operation's own names; repositories by their full names, and of a paged list `cursor`. */
export type DerivedInput = Record<string, unknown>;

/** Prepares the operations that have a route: the others are nothing to doors that are derived from the table. */
export function derivedOperations(operations: readonly Operation[], naming: Naming): DerivedOperation[] {
  return operations.flatMap((operation) =>
    operation.route === undefined ? [] : [derivedOperation(operation, operation.route, naming)],
  );
}

function derivedOperation(operation: Operation, route: HttpRoute, naming: Naming): DerivedOperation {
  const fields = derivedFields(operation, route, naming);
  const output = outputOf(operation, isPaged({ operation, route }));
  const input = jsonCodec(operation.input, naming);
  const answer = output === undefined ? undefined : jsonCodec(output, naming);
  return {
    operation,
    route,
    noun: nounOf(route.path),
    fields,
    output,
    decode: (json) => decodeInput(json, fields, input, naming, hasContent(operation.input)),
    encode: (value) => (answer === undefined ? value : answer.encode(value)),
  };
}

/** What a route is about: the noun behind the repository, or the first one. */
export function nounOf(path: string): string {
  const [, first = "", second, noun] = path.split("/");
  return second === ":repo" && noun !== undefined ? noun : first;
}

function outputOf({ shape, output }: Operation, paged: boolean): TSchema | undefined {
  if (shape === "download") return undefined;
  return shape === "list" ? PageOf(output, paged ? "A page of them" : "All there are") : output;
}

function decodeInput(
  json: Readonly<Record<string, unknown>>,
  fields: ReadonlyMap<string, DerivedField>,
  codec: JsonCodec,
  naming: Naming,
  withEncoding: boolean,
): DerivedInput {
  const values: Record<string, unknown> = {};
  const paged: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    const known = fields.get(name);
    if (known === undefined) {
      if (name !== "encoding" || !withEncoding) throw unknownField(name, name, fields.keys());
      values[name] = value;
    } else if (name === "cursor" || name === "limit") paged[name] = value;
    // The codec knows fields by their own names, and a repository as a place.
    else if (isRepository(known.schema)) paged[known.field] = repositoryName(value, name);
    else values[jsonName(known.field, known.schema, naming)] = value;
  }
  return { ...(codec.decode(values) as Record<string, unknown>), ...paged };
}

function repositoryName(value: unknown, field: string): string {
  if (typeof value === "string") return value;
  throw new OperationError("invalid_input", { field, problem: "is no name of a repository" });
}

const hasContent = (input: TSchema): boolean =>
  Object.values(input["properties"] as Record<string, TSchema>).some((schema) => schema["content"] === true);
