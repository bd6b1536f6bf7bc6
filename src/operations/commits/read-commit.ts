import type { GitBackend, RepositoryView } from "../../backend/backend.ts";
import { type Commit, parseCommit } from "../../domain/commit.ts";
import type { Oid } from "../../domain/oid.ts";

/** Reads and parses a commit; undefined when the object is absent or no commit. No mailmap is applied. */
export async function readCommit(git: GitBackend, view: RepositoryView, oid: Oid): Promise<Commit | undefined> {
  const object = await git.objects.read(view, oid);
  return object?.type === "commit" ? parseCommit(oid, object.content) : undefined;
}
