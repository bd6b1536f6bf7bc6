import type { ArgBuilder, InputFieldMap } from "@pothos/core";
import type { DerivedOperation } from "../derived/derived-operation.ts";
import { isRequired } from "../derived/json-schema.ts";
import type { EnumTypes } from "./enum-types.ts";
import type { GraphqlContext } from "./graphql-context.ts";
import { encodingOf, InputTypes } from "./input-types.ts";
import type { OutputField, OutputTypes, ToldRef } from "./output-types.ts";
import { runOperation } from "./run-operation.ts";
import type { GraphqlBuilder, GraphqlSchemaTypes } from "./schema-builder.ts";
import { propertiesOf } from "./schema-shape.ts";
import { type JsonBytes, type Place, type Told, toldOf } from "./told.ts";
import { typeCase, type TypeNames } from "./type-names.ts";

/** What types of operations are made with. */
export interface TypeParts {
  readonly builder: GraphqlBuilder;
  readonly names: TypeNames;
  readonly enums: EnumTypes;
  readonly outputs: OutputTypes;
}

/** Adds a field for every operation: to `Query` where it reads, else to `Mutation`. */
export function addOperationFields(operations: readonly DerivedOperation[], parts: TypeParts): void {
  const { builder, names, enums, outputs } = parts;
  const inputs = new InputTypes(builder, names, enums);
  for (const { output } of operations) if (output !== undefined) outputs.learn(output);
  const download = downloadType(builder, names);
  for (const derived of operations) {
    const { operation } = derived;
    const name = graphqlName(derived);
    const gives = outputOf(derived, outputs, download);
    const takes = argumentsOf(derived, inputs);
    const options = (t: { arg: ArgBuilder<GraphqlSchemaTypes> }) => ({
      type: gives.type,
      // A field that fails leaves the others what they are.
      nullable: true,
      description: operation.summary,
      complexity: costOf(derived),
      args: takes(t.arg),
      resolve: async (
        _root: unknown,
        args: Record<string, unknown>,
        context: GraphqlContext,
        { path }: { readonly path: { readonly key: string | number } },
      ) => answerOf(derived, await runOperation(derived, args, calling(derived, context, path.key)), args) as never,
    });
    if (operation.kind === "read") builder.queryField(name, (t) => t.field(options(t)));
    else builder.mutationField(name, (t) => t.field(options(t)));
  }
}

/** A write has a caller of its own, with its idempotency key. */
export function calling({ operation }: DerivedOperation, context: GraphqlContext, field: string | number) {
  if (operation.kind === "read") return context;
  const { engine, session, budget, writers } = context;
  return { engine, session, budget, caller: writers.writer(String(field)) };
}

/** What an operation is called here. */
export const graphqlName = ({ operation }: DerivedOperation): string => operation.graphql ?? operation.name;

function outputOf({ operation, output }: DerivedOperation, outputs: OutputTypes, download: ToldRef): OutputField {
  if (output === undefined) return { type: download, nullable: false, description: undefined };
  const name = typeCase(operation.name);
  return outputs.fieldOf(output, "items" in (propertiesOf(output) ?? {}) ? `${name}Page` : `${name}Result`);
}

/** What has nothing to tell tells that it is done. */
function answerOf({ output }: DerivedOperation, json: unknown, args: Readonly<Record<string, unknown>>): unknown {
  if (output !== undefined && Object.keys(propertiesOf(output) ?? { some: true }).length === 0) return true;
  return toldOf(json, placeOf(args));
}

/** Any operation costs more than a field that it has told. */
const OPERATION_COST = 10;
const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;
/** Pages of a list that has no limit. */
const LIST_LENGTH = 20;

/** What a field costs: of a page as many items as are asked for. */
function costOf({ fields, output }: DerivedOperation) {
  const isPage = output !== undefined && "nextCursor" in (propertiesOf(output) ?? {});
  if (!isPage) return { field: OPERATION_COST, multiplier: 1 };
  if (!fields.has("limit")) return { field: OPERATION_COST, multiplier: LIST_LENGTH };
  return ({ limit }: Readonly<Record<string, unknown>>) => ({
    field: OPERATION_COST,
    multiplier: typeof limit === "number" ? Math.max(1, Math.min(limit, LIMIT_MAX)) : LIMIT_DEFAULT,
  });
}

function placeOf({ repo, rev }: Readonly<Record<string, unknown>>): Place | undefined {
  if (typeof repo !== "string") return undefined;
  return rev === undefined || rev === null ? { repo } : { repo, rev: rev as JsonBytes };
}

function argumentsOf({ operation, fields }: DerivedOperation, inputs: InputTypes) {
  const owner = typeCase(operation.name);
  const parts = [...fields.values()].map(({ field, name, schema }) => ({
    name,
    schema,
    type: inputs.typeOf(schema, owner + typeCase(field)),
  }));
  return (arg: ArgBuilder<GraphqlSchemaTypes>): InputFieldMap => {
    const args: InputFieldMap = {};
    for (const { name, schema, type } of parts) {
      const description = schema.description === undefined ? {} : { description: schema.description };
      args[name] = arg({ type, required: isRequired(schema), ...description });
      if (schema["content"] === true) args["encoding"] = arg.string({ description: encodingOf(name) });
    }
    return args;
  };
}

function downloadType(builder: GraphqlBuilder, names: TypeNames): ToldRef {
  return builder.objectRef<Told>(names.take("Download")).implement({
    description: "Bytes of any kind",
    fields: (t) => ({
      base64: t.string({ nullable: false, resolve: ({ json }) => json["base64"] as string }),
    }),
  });
}
