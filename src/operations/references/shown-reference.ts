import type { OpenRepository } from "../../contract/context.ts";
import type { Reference } from "../../domain/reference.ts";
import { collectReferences } from "./collect-references.ts";

/** The reference with the type of what it points at, which not every backend tells for nothing. */
export async function withType({ git, view }: OpenRepository, reference: Reference): Promise<Reference> {
  if (reference.type !== undefined) return reference;
  if (reference.peeledOid !== undefined) return { ...reference, type: "tag" };
  const info = await git.objects.info(view, reference.oid);
  return info === undefined ? reference : { ...reference, type: info.type };
}

/** The same for one reference that was read by its name, with what an annotated tag finally points at. */
export async function withTarget(repository: OpenRepository, found: Reference): Promise<Reference> {
  const reference = await withType(repository, found);
  if (reference.type !== "tag" || reference.peeledOid !== undefined) return reference;
  const peeled = await collectReferences(repository, { prefixes: [reference.name] }, { peel: true });
  // It may have moved in between: then it is told as it was.
  const peeledOid = peeled.find(({ name, oid }) => name === reference.name && oid === reference.oid)?.peeledOid;
  return peeledOid === undefined ? reference : { ...reference, peeledOid };
}
