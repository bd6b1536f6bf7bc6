import { OperationError } from "../../domain/errors.ts";
import type { QuarantinedView, QuarantineFacet } from "../backend.ts";
import type { CoreFunctions, QuarantineFunctions } from "./addon.ts";
import { checkView, runJob, runNow } from "./run-job.ts";

/** Quarantines whose objects stand in memory until they are needed as files. */
export function createQuarantine(addon: CoreFunctions & QuarantineFunctions): QuarantineFacet {
  return {
    async materialize(view: QuarantinedView) {
      checkView(view);
      await runJob(addon, view, () => addon.quarantineMaterialize(view.gitDir, view.quarantineDir));
    },

    async migrate(view: QuarantinedView) {
      checkView(view);
      await runJob(addon, view, () => addon.quarantineMigrate(view.gitDir, view.quarantineDir));
      const { signal: _, ...lasting } = view;
      return { flushed: runJob(addon, lasting, () => addon.quarantineFlush(view.gitDir, view.quarantineDir)) };
    },

    async fetch() {
      throw new OperationError("unsupported", { what: "fetching from another repository" });
    },

    async discard(view: QuarantinedView) {
      // Whatever has become of the request, and of the repository: what it left must go.
      const { signal: _, ...rest } = view;
      await runNow(
        addon,
        rest,
        () => addon.quarantineDiscardSync(view.gitDir, view.quarantineDir),
        () => addon.quarantineDiscard(view.gitDir, view.quarantineDir),
      );
    },
  };
}
