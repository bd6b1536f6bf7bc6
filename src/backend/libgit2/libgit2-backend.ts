import type { GitBackend } from "../backend.ts";
import type { MaintenanceFacet } from "../maintenance-facet.ts";
import type { RemoteFacet } from "../remote-facet.ts";
import type { Addon, AddonSettings } from "./addon.ts";
import { createDiff } from "./diff.ts";
import { createHistory } from "./history.ts";
import { IndexFile } from "./index-file.ts";
import { createMerge } from "./merge.ts";
import { createObjects } from "./objects.ts";
import { createPack } from "./pack.ts";
import { createQuarantine } from "./quarantine.ts";
import { createRefs } from "./refs.ts";
import { unsupportedFacet } from "./unsupported-facet.ts";
import { createWorktree } from "./worktree.ts";

/** What the facets above do themselves; some of it declines single inputs by throwing `unsupported`. */
const SUPPORTS: readonly string[] = [
  ...["resolve", "info", "read", "readMany", "stream", "treeEntry", "readFile", "listTree", "listBlobs"].map(
    (method) => `objects.${method}`,
  ),
  ...["write", "editTree"].map((method) => `objects.${method}`),
  ...["materialize", "migrate", "discard"].map((method) => `quarantine.${method}`),
  ...["head", "read", "list", "stamp", "prepare", "setHead"].map((method) => `refs.${method}`),
  ...["log", "isAncestor", "mergeBases", "reachable", "unappliedCommits", "shallow"].map(
    (method) => `history.${method}`,
  ),
  ...["patches", "raw", "stats", "changedPaths"].map((method) => `diff.${method}`),
  "pack.unconnected",
  ...["mergeTrees", "mergeCommits"].map((method) => `merge.${method}`),
  ...["flush", "listIndex", "readFromIndex", "writeObject", "stage", "writeTree"].map((method) => `worktree.${method}`),
];

/** Makes the backend that works in this process: the addon over libgit2. */
export function createLibgit2Backend(addon: Addon, settings: AddonSettings = {}): GitBackend {
  addon.configure(settings);
  const objects = createObjects(addon);
  const refs = createRefs(addon);
  const history = createHistory(addon);
  return {
    name: "libgit2",
    objects,
    quarantine: createQuarantine(addon),
    refs,
    history,
    diff: createDiff(addon),
    merge: createMerge(addon, history),
    maintenance: unsupportedFacet<MaintenanceFacet>("maintenance"),
    remote: unsupportedFacet<RemoteFacet>("remote"),
    worktree: createWorktree(addon, async (view, oid) => (await objects.info(view, oid)) !== undefined),
    pack: createPack({ objects, refs, history }),
    supports: new Set(SUPPORTS),
    forget(gitDir) {
      addon.forget(gitDir);
      IndexFile.forget(gitDir);
    },
    async close() {
      addon.reap();
    },
  };
}
