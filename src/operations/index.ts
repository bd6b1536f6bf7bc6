import type { Operation } from "../contract/operation.ts";
import * as everyOperation from "./every-operation.ts";

/** Every operation there is, sorted by name. */
export const operations: readonly Operation[] = Object.values(everyOperation);

export * from "./every-operation.ts";
export type { FileAction, FileActionPart } from "./commits/apply-file-actions.ts";
export type { MergeDecision } from "./merges/merge-branch.ts";
