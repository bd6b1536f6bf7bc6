import { KindGuard, type TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";
import type { ValueError } from "@sinclair/typebox/errors";
import { literalFields, literalOf, membersNamedBy } from "../contract/union-members.ts";
import { OperationError } from "../domain/errors.ts";

/** Says what of an input does not fit its schema, the first of it. */
export function inputError(check: TypeCheck<TSchema>, input: unknown): OperationError {
  const first = check.Errors(input).First();
  if (first === undefined)
    return new OperationError("invalid_input", { field: "", problem: "does not match the schema" });
  return new OperationError("invalid_input", withinUnion(first));
}

/** Of a union that nothing fits: what is wrong with the member that is meant, or how the members are called. */
function withinUnion({ schema, path, value, message, errors }: ValueError): { field: string; problem: string } {
  const asIs = { field: path, problem: message };
  if (!KindGuard.IsUnion(schema)) return asIs;
  const members: readonly TSchema[] = schema.anyOf;
  const literals = members.map(literalOf);
  if (!literals.includes(undefined)) return { field: path, problem: `is none of ${literals.join(", ")}` };
  const [meant, ...others] = membersNamedBy(members, value, (field) => field);
  if (meant !== undefined && others.length === 0) {
    const inside = errors[members.indexOf(meant)]?.First();
    return inside === undefined ? asIs : withinUnion(inside);
  }
  const naming = literalFields(members[0])[0]?.field;
  const names = members.map((each) => literalFields(each).find(({ field }) => field === naming)?.literal);
  if (naming === undefined || names.includes(undefined) || typeof value !== "object") return asIs;
  return { field: `${path}/${naming}`, problem: `is none of ${names.map((name) => JSON.stringify(name)).join(", ")}` };
}
