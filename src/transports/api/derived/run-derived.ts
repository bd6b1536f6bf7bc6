import type { Operation } from "../../../contract/operation.ts";
import type { Caller } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { DerivedInput, DerivedOperation } from "./derived-operation.ts";
import { isPaged, pagedInput, pageOfList, wholeList } from "./list-page.ts";
import { isRepository, repositoryNamed } from "./repository-field.ts";

/** What is run with: a caller, and an engine. */
export interface DerivedCall {
  readonly engine: Engine;
  readonly caller: Caller;
  /** Told of the items of a list as they come. */
  readonly onItems?: (items: readonly unknown[]) => void;
}

/**
 * Runs an operation that has an answer: its output, or of a list a page. Rejects with OperationErrors that name fields as the operation
 * does (`inRequestWords` translates), and `unsupported` for a download.
 */
export async function runDerived(
  derived: DerivedOperation,
  given: DerivedInput,
  { engine, caller, onItems }: DerivedCall,
): Promise<unknown> {
  const { operation, route } = derived;
  const input = withPlaces(derived, given, engine);
  if (operation.shape === "call")
    return await engine.run(operation as Operation<never, never, "call">, input as never, caller);
  if (operation.shape !== "list")
    throw new OperationError("unsupported", { what: `${operation.name}, a ${operation.shape}, as one answer` });
  const list = (asked: DerivedInput) =>
    told(engine.run(operation as Operation<never, never, "list">, asked as never, caller), onItems);
  if (!isPaged(derived)) return await wholeList(list(input));
  const paged = pagedInput(input);
  return await pageOfList(list(paged.input), paged.limit, route.pageKey!);
}

/** A list, while somebody is told of what comes. */
async function* told(batches: AsyncIterable<unknown[]>, onItems?: DerivedCall["onItems"]): AsyncGenerator<unknown[]> {
  for await (const batch of batches) {
    onItems?.(batch);
    yield batch;
  }
}

/** The pieces of a download. */
export function downloadDerived(
  derived: DerivedOperation,
  given: DerivedInput,
  { engine, caller }: DerivedCall,
): AsyncIterable<Uint8Array> {
  const download = derived.operation as Operation<never, never, "download">;
  return engine.run(download, withPlaces(derived, given, engine) as never, caller);
}

/** Repositories by where they lie in place of their full names. Throws `invalid_input` for what is no name. */
function withPlaces({ fields }: DerivedOperation, given: DerivedInput, engine: Engine): DerivedInput {
  const input = { ...given };
  for (const { field, name, schema } of fields.values())
    if (input[field] !== undefined && isRepository(schema)) input[field] = repositoryNamed(input[field], name, engine);
  return input;
}
