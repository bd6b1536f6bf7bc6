import type { Oid } from "../../domain/oid.ts";
import type { RefName } from "../../domain/reference.ts";
import type { GitBackend, PackFacet, RepositoryView } from "../backend.ts";
import { unconnected } from "./connectivity.ts";
import { unsupportedFacet } from "./unsupported-facet.ts";

/** Packs are native git's; only whether a small push is connected is found out here. */
export function createPack(facets: Pick<GitBackend, "objects" | "refs" | "history">): PackFacet {
  const { create, createInto, receive, archive, uploadArchive } = unsupportedFacet<PackFacet>("pack");
  return {
    create,
    createInto,
    receive,
    archive,
    uploadArchive,
    unconnected: (
      view: RepositoryView,
      tips: readonly Oid[],
      shallow: readonly Oid[] = [],
      near: readonly RefName[] = [],
    ) => unconnected(facets, view, tips, shallow, near),
  };
}
