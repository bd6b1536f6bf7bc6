import { OperationError } from "../../../domain/errors.ts";
import type { DerivedInput, DerivedOperation } from "../derived/derived-operation.ts";
import { inRequestWords } from "../derived/request-words.ts";
import { type DerivedCall, downloadDerived, runDerived } from "../derived/run-derived.ts";
import type { GraphqlContext } from "./graphql-context.ts";

/** A download stands in memory, and as text again in the answer. */
const DOWNLOAD_BYTES_MAX = 8 * 1024 * 1024;

type Json = Record<string, unknown>;

/** What operations are run with. */
export type OperationContext = Pick<GraphqlContext, "engine" | "caller" | "session" | "budget">;

/**
 * Runs an operation with arguments as GraphQL has them and gives what it tells in JSON; a download as `{base64}`. Rejects with
 * OperationErrors that name fields as the caller does.
 */
export async function runOperation(
  derived: DerivedOperation,
  args: Readonly<Json>,
  { engine, caller, session, budget }: OperationContext,
): Promise<unknown> {
  const json = withoutNulls(args) as Json;
  if (session !== undefined && derived.fields.has("session")) json["session"] ??= session;
  try {
    const input = derived.decode(json);
    const turn = budget.enter();
    if (turn !== undefined) await turn;
    try {
      const told = await tell(derived, input, { engine, caller });
      budget.add(told);
      return told;
    } finally {
      budget.leave();
    }
  } catch (error) {
    throw error instanceof OperationError ? inRequestWords(error, derived.operation, "camel") : error;
  }
}

async function tell(derived: DerivedOperation, input: DerivedInput, call: DerivedCall): Promise<unknown> {
  if (derived.operation.shape === "download")
    return { base64: await collect(derived, downloadDerived(derived, input, call)) };
  return derived.encode(await runDerived(derived, input, call));
}

async function collect({ route, operation }: DerivedOperation, pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of pieces) {
    sizeBytes += piece.length;
    if (sizeBytes > DOWNLOAD_BYTES_MAX) {
      const what = `${operation.name} as text, which ${route.method} /v1${route.path} gives as bytes of any number`;
      throw new OperationError("too_large", { what, sizeBytes, limitBytes: DOWNLOAD_BYTES_MAX });
    }
    parts.push(piece);
  }
  return Buffer.concat(parts).toString("base64");
}

/** What is null has not been given, at any depth. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const given = Object.entries(value).filter(([, part]) => part !== null && part !== undefined);
  return Object.fromEntries(given.map(([name, part]) => [name, withoutNulls(part)]));
}
