import { ConflictError, NotFoundError, ValidationError } from "../errors.ts";
import { type ByteString, compareBytes, toText } from "./byte-string.ts";
import type { ObjectStore } from "./object-store.ts";
import { problemOfRefName, REFS_HEADS } from "./ref-name.ts";

/** One change of a reference. */
export interface RefChange {
  readonly name: ByteString;
  /** Zeros delete it. */
  readonly newId: string;
  /** What must be there; zeros for "must not exist", absent for whatever is there. */
  readonly expectedId?: string | undefined;
}

/** References by their full names, and where HEAD points. */
export class ReferenceStore {
  readonly head: ByteString;
  readonly #objects: ObjectStore;
  readonly #ids = new Map<ByteString, string>();

  constructor(objects: ObjectStore, head: ByteString) {
    this.#objects = objects;
    this.head = head;
  }

  read(name: ByteString): string | undefined {
    return this.#ids.get(name === "HEAD" ? this.head : name);
  }

  /** Those below a prefix, by name. */
  list(prefix: ByteString): [ByteString, string][] {
    return [...this.#ids].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => compareBytes(a, b));
  }

  /**
   * Makes all changes or none. `ConflictError` when a reference is not what was expected or its name stands in the way
   * of another's, `NotFoundError` for an object that does not exist, `ValidationError` for a bad name or a repeated one.
   */
  update(changes: readonly RefChange[]): void {
    const seen = new Set<ByteString>();
    for (const change of changes) {
      if (seen.has(change.name)) throw refused(change.name, "is changed more than once", "INVALID_ARGUMENT");
      seen.add(change.name);
      this.#check(change);
    }
    const after = new Map(this.#ids);
    for (const { name, newId } of changes) {
      if (newId === this.#objects.zeroId) after.delete(name);
      else after.set(name, newId);
    }
    for (const { name } of changes) if (after.has(name)) checkNames(name, after);
    for (const { name } of changes) {
      const id = after.get(name);
      if (id === undefined) this.#ids.delete(name);
      else this.#ids.set(name, id);
    }
  }

  #check({ name, newId, expectedId }: RefChange): void {
    const { zeroId } = this.#objects;
    const problem = problemOfRefName(name);
    if (problem !== undefined) throw refused(name, problem, "INVALID_ARGUMENT");
    const actualId = this.#ids.get(name) ?? zeroId;
    if (expectedId !== undefined && expectedId !== actualId) throw mismatch(name, expectedId, actualId, zeroId);
    if (newId === zeroId) return;
    const type = this.#objects.typeOf(newId);
    if (type === undefined) {
      const detail = { kind: "object_not_found", reference: toText(name) };
      throw new NotFoundError(`object ${newId} does not exist`, { code: "NOT_FOUND", detail });
    }
    if (type !== "commit" && name.startsWith(REFS_HEADS)) {
      throw refused(name, `cannot point to ${newId}, which is no commit`, "FAILED_PRECONDITION");
    }
  }
}

function mismatch(name: ByteString, expectedId: string, actualId: string, zeroId: string): ConflictError {
  const reference = toText(name);
  const detail = { kind: "reference_update", reference, expectedId, actualId };
  const problem = expectedId === zeroId ? "exists already" : "does not point to the expected object";
  return new ConflictError(`reference ${reference} ${problem}`, { code: "FAILED_PRECONDITION", detail });
}

/** `a` and `a/b` cannot both be references: one would be a file where the other needs a folder. */
function checkNames(name: ByteString, names: ReadonlyMap<ByteString, string>): void {
  for (const other of names.keys()) {
    if (other.startsWith(`${name}/`) || name.startsWith(`${other}/`)) {
      throw refused(name, `is in conflict with ${toText(other)}`, "FAILED_PRECONDITION");
    }
  }
}

function refused(
  name: ByteString,
  problem: string,
  code: "INVALID_ARGUMENT" | "FAILED_PRECONDITION",
): ValidationError | ConflictError {
  const reference = toText(name);
  const facts = { code, detail: { kind: "reference_update", reference } };
  const message = `reference ${reference} ${problem}`;
  return code === "INVALID_ARGUMENT" ? new ValidationError(message, facts) : new ConflictError(message, facts);
}
