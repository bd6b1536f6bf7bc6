import { ByteStringField, ExpectedOldField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import { checkChangeable, REFERENCE_CHANGE_ERRORS, visibleReference } from "./visible-reference.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    name: ByteStringField("Full name, such as refs/heads/main"),
    rev: RevField("What it shall point to"),
    expectedOid: Maybe(ExpectedOldField("What it points to now")),
    force: Maybe(Type.Boolean({ description: "Move it also where that is no fast-forward" })),
  },
  { additionalProperties: false },
);

/** Points a reference to something else: forward only, unless told otherwise. */
export const moveReference = defineOperation({
  name: "moveReference",
  summary: "Move a reference",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object(
    {
      name: ByteStringField("Full name"),
      oid: OidField("What it points to"),
      oldOid: OidField("What it pointed to before"),
    },
    { additionalProperties: false },
  ),
  errors: [...REFERENCE_CHANGE_ERRORS, "non_fast_forward"],
  examples: [{ title: "The branch stays where it is", input: { name: "refs/heads/main", rev: "main" } }],
  tool: { destructive: true, idempotent: true, advice: "With force commits may become unreachable." },
  route: { method: "PATCH", path: "/repos/:repo/refs/:name", ifMatch: "expectedOid" },
  async run({ name, rev, expectedOid, force = false }, ctx) {
    const { repository } = ctx;
    const { git, view } = repository;
    checkChangeable(name);
    if (expectedOid !== undefined && !isOid(expectedOid, repository.objectFormat))
      throw new OperationError("invalid_object_id", { value: expectedOid, field: "expectedOid" });
    const { oid: oldOid } = await visibleReference(ctx, name);
    if (expectedOid !== undefined && expectedOid !== oldOid)
      throw new OperationError("reference_mismatch", { reference: name, expected: expectedOid, actual: oldOid });
    const oid = await git.objects.resolve(view, rev);
    if (oid === undefined) throw new OperationError("revision_not_found", { revision: rev });
    if (!force && !(await isForward(repository, oldOid, oid)))
      throw new OperationError("non_fast_forward", { reference: name });
    await repository.updateRefs({ changes: [{ name, newOid: oid, expectedOid: oldOid }], hooks: "receive" });
    return { name, oid, oldOid };
  },
});

/** Only commits have an order. */
async function isForward({ git, view }: OpenRepository, from: Oid, to: Oid): Promise<boolean> {
  if (from === to) return true;
  const [before, after] = await Promise.all([from, to].map((oid) => git.objects.resolve(view, oid, "commit")));
  return before !== undefined && after !== undefined && git.history.isAncestor(view, before, after);
}
