import { OperationError } from "../../../domain/errors.ts";
import type { DerivedInput, DerivedOperation } from "../derived/derived-operation.ts";
import { type DerivedCall, downloadDerived } from "../derived/run-derived.ts";
import { type CutState, encodeCut } from "./cut-cursor.ts";

/** Base64 is longer than its bytes, and something stands round it. */
const BYTES_SHARE = 0.7;

/**
 * A part of a download's bytes. What was given before is made again and passed over; its hash tells whether it is the same. Rejects with
 * `page_token_not_found` where it is not.
 */
export async function downloadPart(
  derived: DerivedOperation,
  input: DerivedInput,
  run: DerivedCall & { readonly resultBytesMax: number },
  state: CutState | undefined,
): Promise<Record<string, unknown>> {
  const from = state?.from ?? 0;
  const to = from + Math.max(1, Math.floor(run.resultBytesMax * BYTES_SHARE));
  const hash = new Bun.CryptoHasher("sha256");
  const taken: Uint8Array[] = [];
  let at = 0;
  let isSame = state === undefined;
  for await (const piece of downloadDerived(derived, input, run)) {
    const [start, end] = [from - at, to - at].map((place) => Math.min(piece.length, Math.max(0, place)));
    hash.update(piece.subarray(0, start));
    if (!isSame && at + piece.length >= from) {
      if (hash.copy().digest("base64url") !== state?.hash) break;
      isSame = true;
    }
    const part = piece.slice(start, end);
    hash.update(part);
    taken.push(part);
    at += piece.length;
    if (at > to) break;
  }
  if (!isSame) throw new OperationError("page_token_not_found", { token: encodeCut(state!) });
  const next = { field: "", from: to, inside: 0, hash: hash.digest("base64url") };
  return {
    content: Buffer.concat(taken).toString("base64"),
    encoding: "base64",
    next_cursor: at > to ? encodeCut(next) : null,
  };
}
