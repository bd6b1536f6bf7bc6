import type { Context, Quarantine } from "../../contract/context.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { REFS_HEADS } from "../../domain/reference.ts";

/**
 * Resolves the commit that a change starts from, in this repository or in another one of this server, whose objects are then
 * copied into the quarantine. Undefined when the other repository has no branch at all. Throws `revision_not_found` with field
 * `start`.
 */
export async function startingCommit(
  ctx: Context,
  quarantine: Quarantine,
  revision: ByteString,
  from: RepositoryRef | undefined,
): Promise<Oid | undefined> {
  const { repository } = ctx;
  if (from === undefined || isSame(from, repository.ref)) {
    const oid = await repository.consistently(() =>
      repository.git.objects.resolve(repository.view, revision, "commit"),
    );
    if (oid === undefined) throw new OperationError("revision_not_found", { revision, field: "start" });
    return oid;
  }
  const source = await repository.open(from);
  let branches = 0;
  for await (const batch of source.git.refs.list(source.view, { prefixes: [REFS_HEADS], peel: false }))
    branches += batch.length;
  if (branches === 0) return undefined;
  const oid = await source.consistently(() => source.git.objects.resolve(source.view, revision, "commit"));
  if (oid === undefined) throw new OperationError("revision_not_found", { revision, field: "start" });
  if ((await repository.git.objects.info(repository.view, oid)) === undefined) {
    await repository.git.quarantine.fetch(quarantine.view, source.view, oid);
  }
  return oid;
}

function isSame(a: RepositoryRef, b: RepositoryRef): boolean {
  return a.storage === b.storage && a.relativePath === b.relativePath;
}
