import { jsonCodec, jsonName } from "../../../contract/json-codec.ts";
import type { TSchema } from "@sinclair/typebox";
import type { Operation } from "../../../contract/operation.ts";
import { type DerivedOperation, derivedOperations } from "../derived/derived-operation.ts";
import { isRepository } from "../derived/repository-field.ts";
import { inputSchema, type ObjectSchema, outputSchema } from "./tool-schemas.ts";
import { toolsetOf } from "./toolsets.ts";
import { beginningOf } from "./whole-content.ts";

/** A tool as agents are told of it (Model Context Protocol, `tools/list`). */
export interface ToolDefinition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: {
    readonly title: string;
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
}

/** An operation as a tool. */
export interface Tool {
  readonly name: string;
  readonly toolset: string;
  /** Is it among those that agents get who ask for none in particular? */
  readonly isDefault: boolean;
  readonly derived: DerivedOperation;
  /** It, without content that is too large to be read at once; where there may be any. */
  readonly beginning: DerivedOperation | undefined;
  readonly definition: ToolDefinition;
}

/** Shown in examples where the repository stands. */
const EXAMPLE_REPOSITORY = "alice/myrepo";

/** A tool for each operation that has a route, and for those that say they are one. */
export function toolsOf(operations: readonly Operation[]): Tool[] {
  return derivedOperations(operations.map(withRoute), "snake").map(toolOf);
}

/** An operation that is a tool but has no route is about the noun that it names. */
function withRoute(operation: Operation): Operation {
  const { route, tool } = operation;
  if (route !== undefined || tool?.noun === undefined) return operation;
  return { ...operation, route: { method: "POST", path: `/${tool.noun}` } };
}

function toolOf(derived: DerivedOperation): Tool {
  const { operation } = derived;
  const name = operation.tool?.name ?? snakeCase(operation.name);
  return {
    name,
    toolset: toolsetOf(derived),
    isDefault: operation.tool?.isDefault === true,
    derived,
    beginning: beginningOf(derived),
    definition: {
      name,
      title: operation.summary,
      description: describe(derived),
      inputSchema: inputSchema(derived),
      outputSchema: outputSchema(derived),
      annotations: { title: operation.summary, ...hintsOf(derived) },
    },
  };
}

function hintsOf({ operation, route }: DerivedOperation) {
  const { kind, tool } = operation;
  const isRead = kind === "read";
  const isWrite = kind === "write";
  return {
    readOnlyHint: isRead,
    destructiveHint: isWrite && (tool?.destructive ?? route.method === "DELETE"),
    idempotentHint: !isWrite || (tool?.idempotent ?? ["PUT", "DELETE"].includes(route.method)),
    openWorldHint: tool?.openWorld === true,
  };
}

function describe({ operation, ...derived }: DerivedOperation): string {
  const { summary, tool, examples } = operation;
  const said = [`${summary}.`];
  if (tool?.advice !== undefined) said.push(tool.advice);
  for (const { title, input } of examples.slice(0, 1))
    said.push(`Example (${lowerFirst(title)}): ${JSON.stringify(exampleInput({ operation, ...derived }, input))}`);
  return said.join("\n");
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** An example's input by the names that callers give, its repository as well. */
function exampleInput({ operation, fields }: DerivedOperation, input: object): Record<string, unknown> {
  const written = jsonCodec(operation.input, "snake").encode(input) as Record<string, unknown>;
  const repository = [...fields.values()].find(({ field }) => field === "repository");
  const named: Record<string, unknown> = repository === undefined ? {} : { [repository.name]: EXAMPLE_REPOSITORY };
  for (const [field, schema] of Object.entries(operation.input["properties"] as Record<string, TSchema>)) {
    const name = jsonName(field, schema, "snake");
    if (isRepository(schema) || written[name] === undefined) continue;
    named[name] = written[name];
    if (schema["content"] === true && written["encoding"] === "base64") named["encoding"] = "base64";
  }
  return named;
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
