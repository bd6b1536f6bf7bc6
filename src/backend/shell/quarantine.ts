import { rm } from "node:fs/promises";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { QuarantinedView, QuarantineFacet, RefsFacet, RepositoryView } from "../backend.ts";
import { migrateQuarantine } from "../migrate-quarantine.ts";
import type { CatFilePool } from "./cat-file-pool.ts";
import { copyObjects } from "./copy-objects.ts";
import type { GitRunner } from "./run-git.ts";

/** How many of our references are told to the other side as what we have already. */
const HAVES_MAX = 1000;

/** Native git writes a quarantine's objects as files, so there is nothing to materialize. */
export function createQuarantine(runner: GitRunner, pool: CatFilePool, refs: RefsFacet): QuarantineFacet {
  return {
    async materialize() {},

    async migrate(view: QuarantinedView) {
      pool.forgetQuarantine(view.quarantineDir);
      return await migrateQuarantine(view.quarantineDir, `${view.gitDir}/objects`);
    },

    async fetch(view: QuarantinedView, source: RepositoryView, tip: Oid) {
      if (!isOid(tip, source.objectFormat)) throw new OperationError("object_not_found", { oid: tip });
      if ((await pool.use(view, (process) => process.info(tip))) !== undefined) return;
      if ((await pool.use(source, (process) => process.info(tip))) === undefined) {
        throw new OperationError("object_not_found", { oid: tip });
      }
      const haves = await sharedTips(pool, refs, view, source);
      const revisions = [tip, ...haves.map((oid) => `^${oid}`)];
      for await (const _ of copyObjects(runner, view, source, { flags: ["--thin", "-q"], revisions }));
    },

    async discard(view: QuarantinedView) {
      pool.forgetQuarantine(view.quarantineDir);
      await rm(view.quarantineDir, { recursive: true, force: true });
    },
  };
}

/** What our references point at and the other repository has as well: it need not be copied. */
async function sharedTips(
  pool: CatFilePool,
  refs: RefsFacet,
  view: RepositoryView,
  source: RepositoryView,
): Promise<Oid[]> {
  const tips = new Set<Oid>();
  for await (const references of refs.list(view, { prefixes: [], peel: false })) {
    for (const { oid } of references) tips.add(oid);
    if (tips.size >= HAVES_MAX) break;
  }
  const oids = [...tips].slice(0, HAVES_MAX);
  const infos = await pool.use(source, (process) => process.infoOfMany(oids));
  return oids.filter((_, index) => infos[index] !== undefined);
}
