import type { Oid } from "../../domain/oid.ts";
import type { LogQuery, RepositoryView } from "../backend.ts";
import type { CoreFunctions } from "./addon.ts";
import type { HistoryFunctions } from "./history-functions.ts";
import { packLogQuery } from "./pack-log-query.ts";
import { splitOids } from "./pack-texts.ts";
import { revisionError } from "./revision-error.ts";
import { OperationError } from "../../domain/errors.ts";
import { checkView, runJob, runNow } from "./run-job.ts";

/** The first batch is small, since it is made on this thread. */
const FIRST_BATCH_MAX = 100;
const BATCH_MAX = 2000;

/** Commit ids of a log, in batches. */
export async function* readLog(
  addon: CoreFunctions & HistoryFunctions,
  view: RepositoryView,
  query: LogQuery,
  options: { limited?: boolean } = {},
): AsyncGenerator<Oid[]> {
  checkView(view);
  if (query.follow === true) throw new OperationError("unsupported", { what: "following renames" });
  const packed = packLogQuery(query, options);
  let batch = await revisionsExist(() =>
    runNow(
      addon,
      view,
      () => addon.logOpenSync(view.gitDir, view.quarantineDir, packed, FIRST_BATCH_MAX),
      () => addon.logOpen(view.gitDir, view.quarantineDir, packed, FIRST_BATCH_MAX),
    ),
  );
  for (;;) {
    const [oids, cursor] = batch;
    try {
      if (oids !== "") yield splitOids(oids);
      if (cursor === null) return;
      batch = await runJob(addon, view, () => addon.logNext(cursor, BATCH_MAX));
    } finally {
      if (cursor !== null) addon.historyClose(cursor);
    }
  }
}

async function revisionsExist<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw revisionError(error);
  }
}
