import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { HistoryFacet, MergeFacet, QuarantinedView } from "../backend.ts";
import type { CoreFunctions, MergeFunctions } from "./addon.ts";
import { checkView, runJob } from "./run-job.ts";
import { hasAddonCode } from "./translate-error.ts";

/**
 * Merges that need no look into files, by a walk of our own over three trees. They are always clean; every other merge, those with
 * conflicts among them, is `unsupported`.
 */
export function createMerge(
  addon: CoreFunctions & MergeFunctions,
  history: Pick<HistoryFacet, "mergeBases">,
): MergeFacet {
  const mergeTrees = async (view: QuarantinedView, base: Oid | undefined, ours: Oid, theirs: Oid) => {
    checkView(view);
    const oid = [base ?? ours, ours, theirs].find((candidate) => !isOid(candidate, "sha1"));
    if (oid !== undefined) throw new OperationError("object_not_found", { oid });
    try {
      const tree = await runJob(addon, view, () =>
        addon.mergeTrees(view.gitDir, view.quarantineDir, base, ours, theirs),
      );
      return { clean: true, tree } as const;
    } catch (error) {
      const cause = error instanceof OperationError ? error.cause : undefined;
      if (!hasAddonCode(cause, "wrong_type")) throw error;
      throw new OperationError("object_not_found", { oid: cause.subject ?? "" }, { cause });
    }
  };

  return {
    mergeTrees,

    async mergeCommits(view, ours, theirs) {
      const bases = await history.mergeBases(view, ours, theirs);
      // git merges the bases first, and merges with the result.
      if (bases.length > 1) throw new OperationError("unsupported", { what: "several merge bases" });
      return await mergeTrees(view, bases[0], ours, theirs);
    },
  };
}
