import type { GitCommit } from "../domain/commit.ts";
import type { GitTag } from "../domain/tag.ts";
import { type ByteString, toText } from "./byte-string.ts";
import { authorOf } from "./identity.ts";
import type { ObjectStore } from "./object-store.ts";
import { peel } from "./revision.ts";

/** A commit as the API tells it; new objects each time, so that nobody can change what others see. */
export function describeCommit(objects: ObjectStore, id: string): GitCommit {
  const commit = objects.commit(id);
  const body = toText(commit.message);
  return {
    id,
    subject: (body.split("\n", 1)[0] ?? "").replace(/\r+$/, ""),
    body,
    bodyTruncated: false,
    author: authorOf(commit.author),
    committer: authorOf(commit.committer),
    parentIds: [...commit.parentIds],
    treeId: commit.treeId,
  };
}

/** A tag as the API tells it, by its short name and what its reference holds. */
export function describeTag(objects: ObjectStore, name: ByteString, id: string): GitTag {
  const commitId = peel(objects, id, "commit");
  const target = commitId === undefined ? {} : { targetCommit: describeCommit(objects, commitId) };
  if (objects.typeOf(id) !== "tag") return { name: toText(name), id, ...target };
  const { message, tagger } = objects.tag(id);
  const text = toText(message).replace(/\n+$/, "");
  return { name: toText(name), id, ...target, message: text, tagger: authorOf(tagger) };
}
