import type { RefProposal, RefUpdate } from "../contract/context.ts";
import { hasReason, OperationError } from "../domain/errors.ts";
import type { RefChange, RefName } from "../domain/reference.ts";
import { claimedChanges, type DoorRequest } from "./door-request.ts";
import type { ChangeHooks, HookChange } from "./hooks.ts";
import type { Changed } from "./locked-change.ts";

/** How often what is left is tried together; then each reference moves on its own. */
const TOGETHER_MAX = 8;

/** Which changes of a proposal are refused. Where all or none shall happen, the first refusal is thrown. */
export class Refusals {
  readonly isPartial: boolean;
  readonly #refused = new Map<RefName, OperationError>();
  #left: readonly RefChange[];
  #isStale = false;

  constructor({ changes, partial = false }: RefProposal) {
    this.isPartial = partial;
    this.#left = changes;
  }

  /** Changes that nobody has refused so far, in their order. */
  get left(): readonly RefChange[] {
    if (this.#isStale) this.#left = this.#left.filter(({ name }) => !this.#refused.has(name));
    this.#isStale = false;
    return this.#left;
  }

  /** From now on the changes are made only where the old values are those. */
  expect(changes: readonly HookChange[]): void {
    const oldOids = new Map(changes.map(({ name, oldOid }) => [name, oldOid]));
    this.#left = this.#left.map((change) => {
      const expectedOid = change.expectedOid ?? oldOids.get(change.name);
      return expectedOid === undefined ? change : { ...change, expectedOid };
    });
  }

  refuse(name: RefName, error: OperationError): void {
    if (!this.isPartial) throw error;
    if (!this.#refused.has(name)) this.#refused.set(name, error);
    this.#isStale = true;
  }

  nothingMoved(): RefUpdate {
    return this.update({ changes: [] });
  }

  /** What the proposal came to. */
  update({ changes, sequence }: Changed): RefUpdate {
    return {
      oldOids: changes.map(({ oldOid }) => oldOid),
      ...(this.isPartial ? { refused: this.#refused } : {}),
      ...(sequence === undefined ? {} : { sequence }),
    };
  }
}

/** Asks the update hook about each reference in turn. */
export async function askUpdateHook(hooks: ChangeHooks, request: DoorRequest, refused: Refusals): Promise<void> {
  for (const change of await claimedChanges(request, refused.left)) {
    try {
      await hooks.update(change, request.signal);
    } catch (error) {
      if (!hasReason(error, "hook_rejected")) throw error;
      refused.refuse(change.name, error);
    }
  }
}

/**
 * Moves what may move in one transaction. Where a reference stands in its way and the proposal is partial, that one is refused and
 * the rest tried again; where that goes on and on, or nobody can tell which one it is, each moves on its own, as git does it.
 */
export async function moveReferences(
  request: DoorRequest,
  refused: Refusals,
  move: (changes: readonly RefChange[]) => Promise<Changed>,
): Promise<Changed> {
  if (!refused.isPartial) return move(refused.left);
  for (let attempt = 0; attempt < TOGETHER_MAX && refused.left.length > 0; attempt++) {
    try {
      return await move(refused.left);
    } catch (error) {
      if (!isAboutReferences(error)) throw error;
      const names = blamed(error, refused.left);
      if (names.length === 0) break;
      for (const name of names) refused.refuse(name, error);
      if (hasReason(error, "reference_mismatch")) await refuseMismatched(request, refused);
    }
  }
  return moveEach(refused, move);
}

/** Where one reference is not as expected others may not be either: that is found out at once. */
async function refuseMismatched(request: DoorRequest, refused: Refusals): Promise<void> {
  const found = await claimedChanges(
    request,
    refused.left.map(({ name, newOid }) => ({ name, newOid })),
  );
  refused.left.forEach(({ name, expectedOid }, at) => {
    const actual = found[at]?.oldOid ?? "";
    if (expectedOid === undefined || actual === expectedOid) return;
    refused.refuse(name, new OperationError("reference_mismatch", { reference: name, expected: expectedOid, actual }));
  });
}

async function moveEach(
  refused: Refusals,
  move: (changes: readonly RefChange[]) => Promise<Changed>,
): Promise<Changed> {
  const moved: Changed[] = [];
  for (const change of refused.left) {
    try {
      moved.push(await move([change]));
    } catch (error) {
      // Once something has moved, the rest is refused for whatever reason: the whole has not failed.
      if (!(error instanceof OperationError) || (moved.length === 0 && !isAboutReferences(error))) throw error;
      refused.refuse(change.name, error);
    }
  }
  const sequence = moved.findLast((one) => one.sequence !== undefined)?.sequence;
  return { changes: moved.flatMap(({ changes }) => changes), ...(sequence === undefined ? {} : { sequence }) };
}

type AboutReferences =
  | "reference_mismatch"
  | "reference_name_conflict"
  | "reference_repeated"
  | "references_locked"
  | "invalid_reference_name"
  | "not_a_commit"
  | "object_not_found";

const ABOUT_REFERENCES: readonly AboutReferences[] = [
  "reference_mismatch",
  "reference_name_conflict",
  "reference_repeated",
  "references_locked",
  "invalid_reference_name",
  "not_a_commit",
  "object_not_found",
];

function isAboutReferences(error: unknown): error is OperationError {
  return ABOUT_REFERENCES.some((reason) => hasReason(error, reason));
}

/** The references of the changes that an error is about. */
function blamed(error: OperationError, changes: readonly RefChange[]): RefName[] {
  const names = changes.map(({ name }) => name);
  if (hasReason(error, "references_locked") || hasReason(error, "invalid_reference_name")) {
    const said = new Set(error.details.references);
    return names.filter((name) => said.has(name));
  }
  if (hasReason(error, "not_a_commit") || hasReason(error, "object_not_found")) {
    const { oid } = error.details;
    return changes.filter(({ newOid }) => newOid === oid).map(({ name }) => name);
  }
  const { reference } = error.details as { readonly reference?: RefName };
  return names.filter((name) => name === reference);
}
