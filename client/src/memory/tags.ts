import type { GitTag } from "../domain/tag.ts";
import { ConflictError, ValidationError } from "../errors.ts";
import type { CreateTag, DeleteTag } from "../requests.ts";
import { toByteString } from "./byte-string.ts";
import { messageBytes } from "./commit-files.ts";
import { describeTag } from "./describe-objects.ts";
import { momentOf, tagIdentity } from "./identity.ts";
import { type MemoryRepository, referenceNotFound, revisionNotFound } from "./memory-repository.ts";
import { encodeTag } from "./object-encoding.ts";
import { problemOfRefName, REFS_TAGS } from "./ref-name.ts";
import { resolveRevision } from "./revision.ts";

/** Makes a tag: annotated when the message has more than white space in it. */
export function createTag(repository: MemoryRepository, request: CreateTag, now: Date): GitTag {
  const { objects, references } = repository;
  const message = request.message ?? "";
  const annotated = /[^ \t\n\f\r]/.test(message);
  const name = toByteString(request.name);
  const problem = problemOfRefName(REFS_TAGS + name);
  if (problem !== undefined) {
    const detail = { kind: "invalid_format", reference: `refs/tags/${request.name}` };
    throw new ValidationError(`the tag name ${JSON.stringify(request.name)} ${problem}`, {
      code: "INVALID_ARGUMENT",
      detail,
    });
  }
  // A lightweight tag of a tag names what that tag finally names.
  const target = resolveRevision(repository, annotated ? request.target : `${request.target}^{}`);
  const targetType = target === undefined ? undefined : objects.typeOf(target);
  if (target === undefined || targetType === undefined) throw revisionNotFound(request.target);
  if (references.read(REFS_TAGS + name) !== undefined) {
    const detail = { kind: "reference_exists", reference: `refs/tags/${request.name}` };
    throw new ConflictError(`tag ${request.name} exists already`, { code: "ALREADY_EXISTS", detail });
  }
  let id = target;
  if (annotated) {
    const tagger = tagIdentity(request.user, momentOf(now, request.user.timezone));
    const parts = { targetId: target, targetType, name, tagger, message: messageBytes(message) };
    id = objects.write("tag", encodeTag(parts));
  }
  references.update([{ name: REFS_TAGS + name, newId: id, expectedId: objects.zeroId }]);
  return describeTag(objects, name, id);
}

/** `NotFoundError` when there is none, `ConflictError` when it is not what was expected. */
export function deleteTag({ objects, references }: MemoryRepository, request: DeleteTag): void {
  if (request.name === "") throw new ValidationError("the name of a tag is empty", { code: "INVALID_ARGUMENT" });
  const name = REFS_TAGS + toByteString(request.name);
  if (references.read(name) === undefined) throw referenceNotFound(`refs/tags/${request.name}`);
  references.update([{ name, newId: objects.zeroId, expectedId: request.expectedOldId }]);
}

/** Null when there is none. */
export function findTag({ objects, references }: MemoryRepository, name: string): GitTag | null {
  if (name === "") throw new ValidationError("the name of a tag is empty", { code: "INVALID_ARGUMENT" });
  const id = references.read(REFS_TAGS + toByteString(name));
  return id === undefined ? null : describeTag(objects, toByteString(name), id);
}

/** By name. */
export function listTags({ objects, references }: MemoryRepository): GitTag[] {
  return references.list(REFS_TAGS).map(([name, id]) => describeTag(objects, name.slice(REFS_TAGS.length), id));
}
