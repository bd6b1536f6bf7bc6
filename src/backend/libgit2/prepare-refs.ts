import { setTimeout } from "node:timers/promises";
import { hasReason, OperationError } from "../../domain/errors.ts";
import { isOid, OID_HEX_LENGTH } from "../../domain/oid.ts";
import { problemOfRefName, type RefChange, type RefName } from "../../domain/reference.ts";
import type { PreparedRefs, RepositoryView } from "../backend.ts";
import type { CoreFunctions } from "./addon.ts";
import { splitOids } from "./pack-texts.ts";
import type { RefFunctions, RefTransaction } from "./ref-functions.ts";
import { refusalError } from "./ref-refusal.ts";
import { checkView, runJob } from "./run-job.ts";
import { hasAddonCode, translateError } from "./translate-error.ts";

/**
 * How long to wait for whoever holds a lock; git's own default of core.packedRefsTimeout. All others who change the repository wait
 * with us.
 */
const LOCK_TIMEOUT_MS = 1000;
/** How much of that is spent on a thread of the pool at a time; others want it too. */
const LOCK_ATTEMPT_MS = 10;
const LOCK_PAUSE_MS = 25;

/** What the addon calls the lock that every deletion takes. */
const PACKED_REFS = "packed-refs";

const OID_LENGTH = OID_HEX_LENGTH.sha1;
const OID_BYTES = OID_LENGTH / 2;

/** Takes the locks of all references, compares their values, and writes the new ones beside them. */
export async function prepareRefs(
  addon: CoreFunctions & RefFunctions,
  view: RepositoryView,
  changes: readonly RefChange[],
  { deref }: { deref: boolean },
): Promise<PreparedRefs> {
  checkView(view);
  refuseBadNames(changes);
  refuseBadIds(changes);
  const [transaction, oldOids] = await takeLocks(addon, view, changes, deref);
  // From here on the request cannot stop it: what was promised is done, or undone, to the end.
  return {
    oldOids: splitOids(oldOids),
    commit: () => finished(addon.refsCommit(transaction)),
    abort: () => finished(addon.refsAbort(transaction)),
  };
}

async function takeLocks(
  addon: CoreFunctions & RefFunctions,
  view: RepositoryView,
  changes: readonly RefChange[],
  deref: boolean,
): Promise<[RefTransaction, string]> {
  const packed = packChanges(changes);
  let lockedSinceMs: number | undefined;
  for (;;) {
    const prepared = await runJob(addon, view, () =>
      addon
        .refsPrepare(view.gitDir, packed, deref, LOCK_ATTEMPT_MS, LOCK_ATTEMPT_MS)
        .catch((error: unknown) => Promise.reject(brokenReference(error))),
    );
    if (!Buffer.isBuffer(prepared)) return prepared;
    const error = refusalError(prepared);
    if (!hasReason(error, "references_locked")) throw error;
    // From the first refusal on: to come as far as packed-refs may take long.
    lockedSinceMs ??= performance.now();
    if (performance.now() - lockedSinceMs >= LOCK_TIMEOUT_MS) {
      if (!error.details.references.includes(PACKED_REFS)) throw error;
      throw new OperationError("references_locked", { references: changes.map(({ name }) => name) });
    }
    await pause(view);
  }
}

async function pause({ signal }: RepositoryView): Promise<void> {
  try {
    await setTimeout(LOCK_PAUSE_MS, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw new OperationError("canceled", {}, { cause: error });
  }
}

async function finished(promise: Promise<void>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    throw translateError(error);
  }
}

/** The addon's "corrupt" with a name is a reference here, not an object. */
function brokenReference(error: unknown): unknown {
  if (!hasAddonCode(error, "corrupt")) return error;
  const options = { cause: error, context: { reference: error.subject } };
  return new OperationError("repository_invalid", { problem: error.message }, options);
}

function refuseBadNames(changes: readonly RefChange[]): void {
  const bad: RefName[] = changes.map(({ name }) => name).filter((name) => problemOfRefName(name) !== undefined);
  if (bad.length === 0) return;
  throw new OperationError("invalid_reference_name", { references: bad, problem: problemOfRefName(bad[0]!)! });
}

function refuseBadIds(changes: readonly RefChange[]): void {
  for (const { newOid, expectedOid } of changes) {
    if (!isOid(newOid, "sha1")) throw new OperationError("invalid_object_id", { value: newOid });
    if (expectedOid !== undefined && !isOid(expectedOid, "sha1")) {
      throw new OperationError("invalid_object_id", { value: expectedOid });
    }
  }
}

function packChanges(changes: readonly RefChange[]): Buffer {
  const size = changes.reduce((sum, { name }) => sum + 4 + name.length + 2 * OID_BYTES + 1, 0);
  const packed = Buffer.alloc(size);
  let at = 0;
  for (const { name, newOid, expectedOid } of changes) {
    at = packed.writeUInt32LE(name.length, at);
    at += packed.write(name, at, "latin1");
    at += packed.write(newOid, at, OID_BYTES, "hex");
    at = packed.writeUInt8(expectedOid === undefined ? 0 : 1, at);
    if (expectedOid !== undefined) packed.write(expectedOid, at, OID_BYTES, "hex");
    at += OID_BYTES;
  }
  return packed;
}
