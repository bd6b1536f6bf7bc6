import type { GitBackend, ObjectsFacet, PeelTarget, RepositoryView } from "../backend/backend.ts";
import type { ByteString } from "../domain/bytes.ts";
import { baseOfRevision, isHiddenFromFetches, mayRevealHidden } from "../domain/hidden-refs.ts";
import type { Oid } from "../domain/oid.ts";
import { REFS_HEADS, REFS_TAGS } from "../domain/reference.ts";

/** Makes the backend for one who works on a repository; `isAdministrator` is asked when it matters. */
export type VisibleTo = (gitDir: string, isAdministrator: () => boolean | Promise<boolean>) => GitBackend;

/**
 * Makes backends for somebody who may see no more of a repository than who fetches: a revision that names a hidden reference, or guesses the
 * beginning of an id that no visible reference reaches, leads nowhere. Whole ids lead to what they name: nobody guesses them. Administrators
 * see everything.
 */
export function withVisibleRevisions(git: GitBackend): VisibleTo {
  // Each request has one of its own: a class makes them faster than a prototype for each.
  class VisibleObjects {
    readonly resolve: ObjectsFacet["resolve"];

    constructor(resolve: ObjectsFacet["resolve"]) {
      this.resolve = resolve;
    }
  }
  class VisibleGit {
    readonly objects: VisibleObjects;

    constructor(objects: VisibleObjects) {
      this.objects = objects;
    }
  }
  Object.setPrototypeOf(VisibleObjects.prototype, git.objects);
  Object.setPrototypeOf(VisibleGit.prototype, git);
  return (gitDir, isAdministrator) => {
    const resolve = async (view: RepositoryView, revision: ByteString, peel?: PeelTarget): Promise<Oid | undefined> => {
      const found = await git.objects.resolve(view, revision, peel);
      if (found === undefined || !mayRevealHidden(revision) || view.gitDir !== gitDir) return found;
      return (await isAdministrator()) || (await isVisible(git, view, revision)) ? found : undefined;
    };
    return new VisibleGit(new VisibleObjects(resolve)) as object as GitBackend;
  };
}

/** Would whoever fetches find it, too? */
async function isVisible(git: GitBackend, view: RepositoryView, revision: ByteString): Promise<boolean> {
  const base = baseOfRevision(revision);
  if (base === "" || isHiddenFromFetches(base)) return false;
  const isThere = async (name: ByteString) => (await git.refs.read(view, name)) !== undefined;
  if (isHiddenFromFetches(`refs/${base}`) && (await isThere(`refs/${base}`))) return false;
  // Names come before ids, and may look like them.
  if ((await isThere(REFS_TAGS + base)) || (await isThere(REFS_HEADS + base))) return true;
  const commit = await git.objects.resolve(view, `${base}^{commit}`, "commit");
  if (commit === undefined) return false;
  const tips = new Set<Oid>();
  const { oid: head } = await git.refs.head(view);
  if (head !== undefined) tips.add(head);
  for await (const batch of git.refs.list(view, { prefixes: [], peel: false }))
    for (const { name, oid } of batch) if (!isHiddenFromFetches(name)) tips.add(oid);
  if (tips.has(commit)) return true;
  for await (const batch of git.history.log(view, { revisions: [commit, "--not", ...tips], limit: 1 }))
    if (batch.length > 0) return false;
  return true;
}
