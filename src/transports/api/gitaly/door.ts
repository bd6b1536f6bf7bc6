import type { Engine } from "../../../engine/engine.ts";

/** What the handlers of the Gitaly protocol work with: the engine, and the settings of this door. */
export interface GitalyDoor {
  readonly engine: Engine;
  /** Targets of UserMergeToRef and UserRebaseToRef must be below `refs/merge-requests`, as in Gitaly. */
  readonly mergeRequestRefsOnly: boolean;
  /** Merge conflicts say so in their text, which Gitaly's own texts do not always. */
  readonly conflictWord: boolean;
  /** Refuse changes whose request names no `gl_repository` or `gl_id`, as Gitaly does once hooks run. */
  readonly callerIdsRequired: boolean;
}
