import type { FilePatch } from "../../../../domain/diff.ts";

const ADDITION = Buffer.from("@@ -0,0 +");
const BINARY_ADDITION = Buffer.from("Binary files /dev/null and ");
const BINARY = Buffer.from("Binary files ");
const NEWLINE = 0x0a;

/** A change of type as the protocol has it: a deletion, then an addition, each with its part of the patch. */
export function splitTypeChange(change: FilePatch): readonly FilePatch[] {
  if (change.status !== "type-changed") return [change];
  const zero = "0".repeat(change.oldOid.length);
  const at = startOfAddition(change.patch);
  const deleted = change.patch.subarray(0, at);
  const added = change.patch.subarray(at);
  return [
    { ...change, status: "deleted", newOid: zero, newMode: 0, patch: deleted, binary: isBinary(deleted) },
    { ...change, status: "added", oldOid: zero, oldMode: 0, patch: added, binary: isBinary(added) },
  ];
}

/** Where the second part begins. The lines of a deletion begin with `-` or `\`, so that what begins an addition can be no other. */
function startOfAddition(patch: Uint8Array): number {
  for (let start = 0; start < patch.length;) {
    if (startsWith(patch, start, ADDITION) || startsWith(patch, start, BINARY_ADDITION)) return start;
    const newline = patch.indexOf(NEWLINE, start);
    start = newline < 0 ? patch.length : newline + 1;
  }
  return patch.length;
}

function startsWith(patch: Uint8Array, at: number, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => patch[at + index] === byte);
}

function isBinary(patch: Uint8Array): boolean {
  return startsWith(patch, 0, BINARY);
}
