import type { TSchema } from "@sinclair/typebox";
import { jsonName, type Naming } from "../../../contract/json-codec.ts";
import type { Operation } from "../../../contract/operation.ts";
import { OperationError } from "../../../domain/errors.ts";

/**
 * An error whose field is called as the request calls it: the engine points into the input (`/actions/0/filePath`), operations name a
 * field of it (`startRev`); a client has written `actions[0].file_path` and `start_rev`.
 */
export function inRequestWords(error: OperationError, { input }: Operation, naming: Naming): OperationError {
  const { field } = error.details as { readonly field?: unknown };
  if (typeof field !== "string" || field === "") return error;
  const name = field.startsWith("/") ? nameOfPointer(field, input, naming) : nameOfField(field, input, naming);
  if (name === field) return error;
  // The same details but for the name of the field, whatever the reason.
  const details = { ...error.details, field: name } as typeof error.details;
  return new OperationError(error.reason, details, { cause: error, context: error.context });
}

function nameOfPointer(pointer: string, input: TSchema, naming: Naming): string {
  const steps = pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (steps[0] === "repository") return "repo";
  let schema: TSchema | undefined = input;
  let name = "";
  for (const step of steps) {
    const items: TSchema | undefined = schema?.["items"] as TSchema | undefined;
    if (items !== undefined) {
      name += `[${step}]`;
      schema = items;
      continue;
    }
    const part: TSchema | undefined = propertyOf(schema, step);
    const called: string = part === undefined ? step : jsonName(step, part, naming);
    name += name === "" ? called : `.${called}`;
    schema = part;
  }
  return name;
}

function nameOfField(field: string, input: TSchema, naming: Naming): string {
  if (field === "repository" || field.startsWith("repository.")) return "repo";
  const part = propertyOf(input, field);
  return part === undefined ? field : jsonName(field, part, naming);
}

/** A field of an object, or of whichever member of a union has it. */
function propertyOf(schema: TSchema | undefined, field: string): TSchema | undefined {
  const found = (schema?.["properties"] as Record<string, TSchema> | undefined)?.[field];
  if (found !== undefined) return found;
  for (const member of (schema?.["anyOf"] as TSchema[] | undefined) ?? []) {
    const inMember = propertyOf(member, field);
    if (inMember !== undefined) return inMember;
  }
  return undefined;
}
