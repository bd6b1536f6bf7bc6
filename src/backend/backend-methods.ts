import type { GitBackend } from "./backend.ts";

/** Reads may be asked twice and compared; streams answer piece by piece. */
export type MethodKind = "read" | "write" | "read-stream" | "write-stream";

export type FacetName = Exclude<keyof GitBackend, "name" | "supports" | "forget" | "close">;

/** Every method of every facet and what kind it is: wrappers are made from this table, and it is total. */
export const BACKEND_METHODS: { readonly [F in FacetName]: { readonly [M in keyof GitBackend[F]]: MethodKind } } = {
  objects: {
    resolve: "read",
    info: "read",
    read: "read",
    readMany: "read",
    stream: "read-stream",
    treeEntry: "read",
    readFile: "read",
    listTree: "read-stream",
    listBlobs: "read-stream",
    grep: "read-stream",
    write: "write",
    editTree: "write",
  },
  quarantine: { materialize: "write", migrate: "write", fetch: "write", discard: "write" },
  // Nobody compares the stamps of two backends.
  refs: { head: "read", read: "read", list: "read-stream", stamp: "write", prepare: "write", setHead: "write" },
  history: {
    log: "read-stream",
    isAncestor: "read",
    mergeBases: "read",
    reachable: "read",
    unappliedCommits: "read",
    shallow: "read",
    blame: "read-stream",
  },
  diff: { patches: "read-stream", raw: "read-stream", stats: "read-stream", changedPaths: "read-stream" },
  merge: { mergeTrees: "write", mergeCommits: "write" },
  pack: {
    create: "write-stream",
    createInto: "write-stream",
    receive: "write",
    unconnected: "write",
    // An archive has the time of its making in it where a tree has none.
    archive: "write-stream",
    uploadArchive: "write-stream",
  },
  // Nobody compares what stands in files: it may have changed between two looks.
  worktree: {
    checkout: "write",
    flush: "write",
    restoreLost: "write",
    status: "write-stream",
    readFromIndex: "write",
    listIndex: "write-stream",
    include: "write",
    writeObject: "write",
    writeTree: "write",
    stage: "write",
    stageWithIgnored: "write",
    unstage: "write",
    applyPatch: "write",
    discard: "write",
    diffIndex: "write-stream",
    diffWorktree: "write-stream",
    reset: "write",
    stashSave: "write",
    stashList: "write",
    stashApply: "write",
    stashDrop: "write",
  },
  remote: { list: "write", fetch: "write-stream", push: "write-stream" },
  maintenance: {
    collectGarbage: "write-stream",
    check: "write-stream",
    importFrom: "write-stream",
    // Nobody compares what another may change meanwhile.
    readConfig: "write",
    writeConfig: "write",
  },
};

/** One method of a backend, for wrappers that do not care what it does: a view, up to three arguments. */
export type BackendMethod = (view: unknown, a: unknown, b: unknown, c: unknown) => unknown;

export interface MethodEntry {
  readonly facet: FacetName;
  readonly method: string;
  /** "facet.method", as `supports` names it. */
  readonly name: string;
  readonly kind: MethodKind;
}

/** The table as a list. */
export const METHOD_ENTRIES: readonly MethodEntry[] = Object.entries(BACKEND_METHODS).flatMap(([facet, methods]) =>
  Object.entries(methods).map(([method, kind]) => ({
    facet: facet as FacetName,
    method,
    name: `${facet}.${method}`,
    kind,
  })),
);

/** A method of a backend, bound to its facet. */
export function methodOf(backend: GitBackend, { facet, method }: MethodEntry): BackendMethod {
  const methods = backend[facet] as unknown as Record<string, BackendMethod | undefined>;
  const found = methods[method];
  if (found === undefined) throw new TypeError(`backend ${backend.name} has no ${facet}.${method}`);
  return found.bind(methods);
}

/** Makes the facets of a backend from one function for each method. */
export function facetsOf(make: (entry: MethodEntry) => BackendMethod): Pick<GitBackend, FacetName> {
  const facets: Record<string, Record<string, BackendMethod>> = {};
  for (const entry of METHOD_ENTRIES) (facets[entry.facet] ??= {})[entry.method] = make(entry);
  return facets as unknown as Pick<GitBackend, FacetName>;
}

/** Does a method of this kind answer in pieces? */
export function isStream(kind: MethodKind): boolean {
  return kind === "read-stream" || kind === "write-stream";
}
