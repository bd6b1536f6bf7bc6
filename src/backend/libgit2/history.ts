import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { HistoryFacet, LogQuery, RepositoryView } from "../backend.ts";
import { readShallow } from "../read-shallow.ts";
import type { CoreFunctions } from "./addon.ts";
import type { HistoryFunctions } from "./history-functions.ts";
import { readLog } from "./read-log.ts";
import { packOids } from "./pack-oids.ts";
import { splitOids } from "./pack-texts.ts";
import { checkView, runJob, runNow } from "./run-job.ts";
import { hasAddonCode } from "./translate-error.ts";
import { unsupportedFacet } from "./unsupported-facet.ts";

type HistoryAddon = CoreFunctions & HistoryFunctions;

/** History through the commit-graph, and commit objects where it ends. */
export function createHistory(addon: HistoryAddon): HistoryFacet {
  const isAncestor = async (view: RepositoryView, ancestor: Oid, descendant: Oid): Promise<boolean> => {
    checkView(view);
    requireOids(ancestor, descendant);
    return await commitsExist(() =>
      runNow(
        addon,
        view,
        () => addon.isAncestorSync(view.gitDir, view.quarantineDir, ancestor, descendant),
        () => addon.isAncestor(view.gitDir, view.quarantineDir, ancestor, descendant),
      ),
    );
  };

  // The library's blame is slower, and decides ties in its own way.
  const { blame } = unsupportedFacet<HistoryFacet>("history");

  return {
    isAncestor,
    blame,

    async shallow(view: RepositoryView): Promise<Oid[]> {
      checkView(view);
      return readShallow(view);
    },

    log: (view: RepositoryView, query: LogQuery) => readLog(addon, view, query),

    async mergeBases(view: RepositoryView, a: Oid, b: Oid): Promise<Oid[]> {
      checkView(view);
      requireOids(a, b);
      const bases = await commitsExist(() =>
        runNow(
          addon,
          view,
          () => addon.mergeBasesSync(view.gitDir, view.quarantineDir, a, b),
          () => addon.mergeBases(view.gitDir, view.quarantineDir, a, b),
        ),
      );
      return splitOids(bases);
    },

    async reachable(view: RepositoryView, tip: Oid, candidates: readonly Oid[]): Promise<Oid[]> {
      checkView(view);
      requireOids(tip);
      const known = candidates.filter((candidate) => isOid(candidate, "sha1"));
      const packed = packOids(known);
      const reached = await commitsExist(() =>
        runJob(addon, view, () => addon.reachable(view.gitDir, view.quarantineDir, tip, packed)),
      );
      return known.filter((_, index) => reached[index] === 1);
    },

    async unappliedCommits(view: RepositoryView, upstream: Oid, branch: Oid): Promise<Oid[]> {
      if (await isAncestor(view, branch, upstream)) return [];
      // Where upstream has commits of its own, their patches would have to be compared.
      if (!(await isAncestor(view, upstream, branch)))
        throw new OperationError("unsupported", { what: "comparing patches" });
      const query: LogQuery = { revisions: [`${upstream}...${branch}`], order: "topo", maxParents: 1, reverse: true };
      const commits: Oid[] = [];
      for await (const batch of readLog(addon, view, query, { limited: true })) commits.push(...batch);
      return commits;
    },
  };
}

function requireOids(...oids: readonly Oid[]): void {
  for (const oid of oids) {
    if (!isOid(oid, "sha1")) throw new OperationError("object_not_found", { oid });
  }
}

/** Says of an object that it is no commit. */
async function commitsExist<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const cause = error instanceof OperationError ? error.cause : error;
    if (!hasAddonCode(cause, "wrong_type")) throw error;
    throw new OperationError("not_a_commit", { oid: cause.subject ?? "" }, { cause });
  }
}
