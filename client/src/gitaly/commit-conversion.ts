import type { GitAuthor, GitCommit } from "../domain/commit.ts";
import type { CommitAuthor, GitCommit as CommitMessage } from "./generated/shared_pb.ts";
import { textOf } from "./text.ts";

/** The last moment that a `Date` can tell; servers answer with a later one for dates that Git cannot read. */
const LAST_MOMENT_MS = 8_640_000_000_000_000;

export function commitOf(message: CommitMessage): GitCommit {
  return {
    id: message.id,
    subject: textOf(message.subject),
    body: textOf(message.body),
    bodyTruncated: message.bodySize > BigInt(message.body.byteLength),
    author: authorOf(message.author),
    committer: authorOf(message.committer),
    parentIds: message.parentIds,
    treeId: message.treeId,
  };
}

export function authorOf(message: CommitAuthor | undefined): GitAuthor {
  if (message === undefined) return { name: "", email: "", date: new Date(0) };
  const ms = Number(message.date?.seconds ?? 0n) * 1000;
  return { name: textOf(message.name), email: textOf(message.email), date: new Date(Math.min(ms, LAST_MOMENT_MS)) };
}
