import { toByteString } from "../../../../domain/bytes.ts";
import type { GitalyDoor } from "../door.ts";

const MERGE_REQUESTS = "refs/merge-requests";

/** May a merge or rebase write this reference? Whether it is a valid name is for the operation to say. */
export function isTargetAllowed(door: GitalyDoor, targetRef: Uint8Array): boolean {
  const name = toByteString(targetRef);
  return name.startsWith(door.mergeRequestRefsOnly ? MERGE_REQUESTS : "refs/");
}
