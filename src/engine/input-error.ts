import type { TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";
import { OperationError } from "../domain/errors.ts";

/** Says what of an input does not fit its schema, the first of it. */
export function inputError(check: TypeCheck<TSchema>, input: unknown): OperationError {
  const first = check.Errors(input).First();
  return new OperationError("invalid_input", {
    field: first?.path ?? "",
    problem: first?.message ?? "does not match the schema",
  });
}
