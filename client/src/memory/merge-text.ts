import { diff3Merge } from "node-diff3";
import { toBytes } from "./byte-string.ts";
import { isBinary, linesOf } from "./text-lines.ts";

/** A merge of three contents. */
export interface ContentMerge {
  readonly clean: boolean;
  /** With markers where it is not clean; of a binary file our side. */
  readonly content: Uint8Array;
}

/** Merges what two sides have made of a text, line by line. Changes that touch are in conflict, as for Git. */
export function mergeText(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): ContentMerge {
  if ([base, ours, theirs].some(isBinary)) return { clean: false, content: ours };
  const regions = diff3Merge(linesOf(ours), linesOf(base), linesOf(theirs), { excludeFalseConflicts: true });
  const lines = regions.flatMap(({ ok, conflict }) => {
    if (conflict === undefined) return ok;
    return [
      "<<<<<<< ours\n",
      ...conflict.a.map(withNewline),
      "=======\n",
      ...conflict.b.map(withNewline),
      ">>>>>>> theirs\n",
    ];
  });
  return { clean: regions.every(({ conflict }) => conflict === undefined), content: toBytes(lines.join("")) };
}

function withNewline(line: string): string {
  return line.endsWith("\n") ? line : `${line}\n`;
}
