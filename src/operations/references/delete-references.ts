import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { zeroOid } from "../../domain/oid.ts";
import type { RefName } from "../../domain/reference.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    names: Maybe(Type.Array(ByteStringField("Full name of a reference"))),
    exceptPrefixes: Maybe(Type.Array(ByteStringField("References with this prefix stay"))),
  },
  { additionalProperties: false },
);

/** Deletes references by name, or all but those with certain prefixes; all or none. Absent ones are fine. No receive hooks run. */
export const deleteReferences = defineOperation({
  name: "deleteReferences",
  summary: "Delete references",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Type.Object({ count: Type.Integer({ description: "References that were named for deletion" }) }),
  errors: ["references_locked", "reference_mismatch", "hook_rejected"],
  examples: [{ title: "A reference that does not exist", input: { names: ["refs/x/gone"] } }],
  async run({ names, exceptPrefixes }, { repository }) {
    const newOid = zeroOid(repository.objectFormat);
    const doomed = names === undefined ? await namesWithout(repository, exceptPrefixes ?? []) : [...new Set(names)];
    if (doomed.length === 0) return { count: 0 };
    await repository.updateRefs({ changes: doomed.map((name) => ({ name, newOid })), hooks: "none", deref: false });
    return { count: doomed.length };
  },
});

function namesWithout(repository: OpenRepository, prefixes: readonly string[]): Promise<RefName[]> {
  return repository.consistently(async () => {
    const names: RefName[] = [];
    for await (const batch of repository.git.refs.list(repository.view, { prefixes: [], peel: false })) {
      for (const { name } of batch) if (!prefixes.some((prefix) => name.startsWith(prefix))) names.push(name);
    }
    return names;
  });
}
