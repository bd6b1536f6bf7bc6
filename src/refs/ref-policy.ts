import type { GitBackend, RepositoryView } from "../backend/backend.ts";
import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { OperationError } from "../domain/errors.ts";
import type { RefName } from "../domain/reference.ts";
import type { HookChange } from "./hooks.ts";

/** Who proposes a change of which repository. */
export interface RefPolicyRequest {
  readonly caller: Caller;
  readonly repository: RepositoryRef;
  readonly git: GitBackend;
  /** Sees the new objects, where there are any. */
  readonly view: RepositoryView;
}

/** Decides which references a caller may change. The ref door asks it about every proposal, whatever door it came through, before hooks. */
export interface RefPolicy {
  /** Those of the changes that are refused, each with the reason; what is not in the map is allowed. */
  refusals(request: RefPolicyRequest, changes: readonly HookChange[]): Promise<ReadonlyMap<RefName, OperationError>>;
}

/** Allows everything. */
export const NO_REF_POLICY: RefPolicy = { refusals: async () => new Map() };
