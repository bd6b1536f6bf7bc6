import type { TreeEdit } from "../../domain/git-object.ts";

const FIXED_BYTES = 28;

/** Edits of a tree as the addon takes them (native/tree_edit.h): u32 mode, 0 for a removal, 20 bytes of id, u32 length, path. */
export function packEdits(edits: readonly TreeEdit[]): Buffer {
  const size = edits.reduce((sum, edit) => sum + FIXED_BYTES + edit.path.length, 0);
  const packed = Buffer.alloc(size);
  let at = 0;
  for (const edit of edits) {
    if (!("remove" in edit)) {
      packed.writeUInt32LE(edit.mode, at);
      packed.write(edit.oid, at + 4, 20, "hex");
    }
    packed.writeUInt32LE(edit.path.length, at + 24);
    packed.write(edit.path, at + FIXED_BYTES, "latin1");
    at += FIXED_BYTES + edit.path.length;
  }
  return packed;
}
