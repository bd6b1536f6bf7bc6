import { NotFoundError, ValidationError } from "../errors.ts";
import { type ByteString, toByteString } from "./byte-string.ts";
import type { Commit } from "./git-object.ts";
import { type ObjectFormat, ObjectStore } from "./object-store.ts";
import { problemOfRefName, REFS_HEADS } from "./ref-name.ts";
import { ReferenceStore } from "./reference-store.ts";
import { resolveCommit, resolveTree } from "./revision.ts";

/**
 * One repository. Its changes are made in one go, without waiting for anything, so calls that run at the same time
 * cannot meet in the middle of one.
 */
export class MemoryRepository {
  readonly objects: ObjectStore;
  readonly references: ReferenceStore;

  /** `ValidationError` when the default branch has no valid name. */
  constructor(objectFormat: ObjectFormat, defaultBranch: string) {
    const head = REFS_HEADS + toByteString(defaultBranch);
    const problem = problemOfRefName(head);
    if (problem !== undefined) {
      throw new ValidationError(`the default branch ${problem}`, { code: "INVALID_ARGUMENT" });
    }
    this.objects = new ObjectStore(objectFormat);
    this.references = new ReferenceStore(this.objects, head);
  }

  /** The tip of a branch, by its short name. */
  tip(branch: string): string | undefined {
    return this.references.read(branchRef(branch));
  }

  /** The commit that a revision leads to. `NotFoundError` when there is none. */
  commitAt(revision: string): Commit {
    const id = resolveCommit(this, revision);
    if (id === undefined) throw revisionNotFound(revision);
    return this.objects.commit(id);
  }

  /** The tree that a revision leads to. `NotFoundError` when there is none. */
  treeAt(revision: string): string {
    const id = resolveTree(this, revision);
    if (id === undefined) throw revisionNotFound(revision);
    return id;
  }

  /** The tree of a commit, the empty one where there is no commit. */
  treeOf(commitId: string | undefined): string {
    return commitId === undefined ? this.objects.emptyTreeId : this.objects.commit(commitId).treeId;
  }
}

export function branchRef(branch: string): ByteString {
  return REFS_HEADS + toByteString(branch);
}

export function revisionNotFound(revision: string): NotFoundError {
  const facts = { code: "NOT_FOUND", detail: { kind: "revision_not_found", reference: revision } } as const;
  return new NotFoundError(`revision ${revision} does not exist`, facts);
}

export function referenceNotFound(reference: string): NotFoundError {
  const facts = { code: "NOT_FOUND", detail: { kind: "reference_not_found", reference } } as const;
  return new NotFoundError(`reference ${reference} does not exist`, facts);
}

/** `ValidationError` for a name that no branch can have. */
export function checkBranchName(name: string): void {
  const problem = problemOfRefName(branchRef(name));
  if (problem === undefined) return;
  const detail = { kind: "invalid_format", reference: `refs/heads/${name}` };
  throw new ValidationError(`the branch name ${JSON.stringify(name)} ${problem}`, { code: "INVALID_ARGUMENT", detail });
}
