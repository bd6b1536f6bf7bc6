import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import { OID_HEX_LENGTH } from "../../domain/oid.ts";
import { type Head, problemOfRefName, type RefChange, type Reference, type RefName } from "../../domain/reference.ts";
import type { RefsFacet, RepositoryView } from "../backend.ts";
import type { CoreFunctions } from "./addon.ts";
import { listRefs } from "./list-refs.ts";
import { prepareRefs } from "./prepare-refs.ts";
import type { RefFunctions, ResolvedText } from "./ref-functions.ts";
import { refusalError } from "./ref-refusal.ts";
import { checkView, runJob, runNow } from "./run-job.ts";

const OID_LENGTH = OID_HEX_LENGTH.sha1;

/** References through the addon's own reference store, which reads and writes the files as git does. */
export function createRefs(addon: CoreFunctions & RefFunctions): RefsFacet {
  return {
    async head(view: RepositoryView): Promise<Head> {
      checkView(view);
      const text = await runNow(
        addon,
        view,
        () => addon.headSync(view.gitDir),
        () => addon.head(view.gitDir),
      );
      if (text === undefined) return {};
      const { oid, target } = parseResolved(text);
      return { ...(target === undefined ? {} : { target }), ...(oid === undefined ? {} : { oid }) };
    },

    async read(view: RepositoryView, name: RefName): Promise<Reference | undefined> {
      checkView(view);
      if (!isReadable(name)) return undefined;
      const text = await runNow(
        addon,
        view,
        () => addon.refReadSync(view.gitDir, name),
        () => addon.refRead(view.gitDir, name),
      );
      if (text === undefined) return undefined;
      const { oid, target } = parseResolved(text);
      if (oid === undefined) return undefined;
      return target === undefined ? { name, oid } : { name, oid, symbolicTarget: target };
    },

    list(view: RepositoryView, options: { prefixes: readonly string[]; peel: boolean }) {
      return listRefs(addon, view, options);
    },

    async stamp(view: RepositoryView, { quick }: { quick: boolean }): Promise<ByteString | undefined> {
      checkView(view);
      return await runNow(
        addon,
        view,
        () => addon.refsStampSync(view.gitDir),
        () => (quick ? Promise.resolve(undefined) : addon.refsStamp(view.gitDir)),
      );
    },

    async prepare(view: RepositoryView, changes: readonly RefChange[], options: { deref: boolean }) {
      checkView(view);
      return await prepareRefs(addon, view, changes, options);
    },

    async setHead(view: RepositoryView, target: RefName): Promise<void> {
      checkView(view);
      const problem = problemOfRefName(target);
      if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [target], problem });
      const refusal = await runJob(addon, view, () => addon.refsSetHead(view.gitDir, target));
      if (refusal !== undefined) throw refusalError(refusal);
    },
  };
}

/** HEAD and what is below `refs/`: other files beside them are no references. */
function isReadable(name: RefName): boolean {
  return name === "HEAD" || (name.startsWith("refs/") && problemOfRefName(name) === undefined);
}

function parseResolved(text: ResolvedText): { oid: string | undefined; target: RefName | undefined } {
  const hasOid = text.charCodeAt(0) !== 0x0a;
  const target = text.slice(hasOid ? OID_LENGTH + 1 : 1);
  return { oid: hasOid ? text.slice(0, OID_LENGTH) : undefined, target: target === "" ? undefined : target };
}
