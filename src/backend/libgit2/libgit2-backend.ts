import type { DiffFacet, GitBackend, HistoryFacet, MaintenanceFacet, MergeFacet } from "../backend.ts";
import type { Addon, AddonSettings } from "./addon.ts";
import { createObjects } from "./objects.ts";
import { createQuarantine } from "./quarantine.ts";
import { createRefs } from "./refs.ts";
import { unsupportedFacet } from "./unsupported-facet.ts";

/** What the facets above do themselves; some of it declines single inputs by throwing `unsupported`. */
const SUPPORTS: readonly string[] = [
  ...["resolve", "info", "read", "readMany", "stream", "treeEntry", "listTree", "write", "editTree"].map(
    (method) => `objects.${method}`,
  ),
  ...["materialize", "migrate", "discard"].map((method) => `quarantine.${method}`),
  ...["head", "read", "list", "prepare", "setHead"].map((method) => `refs.${method}`),
];

/** Makes the backend that works in this process: the addon over libgit2. */
export function createLibgit2Backend(addon: Addon, settings: AddonSettings = {}): GitBackend {
  addon.configure(settings);
  return {
    name: "libgit2",
    objects: createObjects(addon),
    quarantine: createQuarantine(addon),
    refs: createRefs(addon),
    history: unsupportedFacet<HistoryFacet>("history"),
    diff: unsupportedFacet<DiffFacet>("diff"),
    merge: unsupportedFacet<MergeFacet>("merge"),
    maintenance: unsupportedFacet<MaintenanceFacet>("maintenance"),
    supports: new Set(SUPPORTS),
    async close() {
      addon.reap();
    },
  };
}
