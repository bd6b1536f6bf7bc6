import type { ObjectType } from "../../domain/git-object.ts";
import type { HeaderNumber } from "./addon.ts";

/** libgit2's numbers of object types. */
export const OBJECT_TYPES: readonly (ObjectType | undefined)[] = [undefined, "commit", "tree", "blob", "tag"];

/** A header number of 8 bytes: exact below 2^53. */
export function headerAt(bytes: Buffer, offset: number): HeaderNumber {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
}
