import { OperationError } from "../../domain/errors.ts";
import type { LogQuery } from "../backend.ts";
import { packTexts } from "./pack-texts.ts";

const ORDERS = { default: 0, topo: 1, date: 2 } as const;
const FLAGS = { firstParent: 1, noWalk: 2, reverse: 4, after: 8, before: 16, limited: 32 } as const;
const HEAD_BYTES = 2 + 5 * 8;
const NONE = 0xffff_ffff_ffff_ffffn;

/** A query as native/history_binding.c reads it. Throws `unsupported` for what needs content, and what git may read in its own way. */
export function packLogQuery(query: LogQuery, { limited = false }: { limited?: boolean } = {}): Buffer {
  refuseContent(query);
  const { afterSeconds, beforeSeconds, maxParents, skip, limit } = query;
  const head = Buffer.alloc(HEAD_BYTES);
  let flags = 0;
  if (query.firstParent === true) flags |= FLAGS.firstParent;
  if (query.noWalk === true) flags |= FLAGS.noWalk;
  if (query.reverse === true) flags |= FLAGS.reverse;
  if (afterSeconds !== undefined) flags |= FLAGS.after;
  if (beforeSeconds !== undefined) flags |= FLAGS.before;
  if (limited) flags |= FLAGS.limited;
  let at = head.writeUInt8(ORDERS[query.order ?? "default"], 0);
  at = head.writeUInt8(flags, at);
  at = head.writeBigUInt64LE(countOf(afterSeconds) ?? 0n, at);
  at = head.writeBigUInt64LE(countOf(beforeSeconds) ?? 0n, at);
  at = head.writeBigUInt64LE(countOf(maxParents) ?? NONE, at);
  at = head.writeBigUInt64LE(countOf(skip) ?? 0n, at);
  head.writeBigUInt64LE(countOf(limit) ?? NONE, at);
  return Buffer.concat([head, packTexts(query.revisions)]);
}

function refuseContent({ author, messagePatterns = [], paths = [] }: LogQuery): void {
  const what =
    author !== undefined ? "authors" : messagePatterns.length > 0 ? "messages" : paths.length > 0 ? "paths" : undefined;
  if (what !== undefined) throw new OperationError("unsupported", { what: `a log by ${what}` });
}

/** A negative number or a fraction means something else to git in each place. */
function countOf(value: number | undefined): bigint | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || value < 0)
    throw new OperationError("unsupported", { what: "a log by such a number" });
  return BigInt(value);
}
