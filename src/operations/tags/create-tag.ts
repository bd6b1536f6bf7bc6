import { BytesField, ByteStringField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import type { OpenRepository, RefProposal } from "../../contract/context.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError, hasReason } from "../../domain/errors.ts";
import { formatIdentity, stripDelimiters } from "../../domain/format-identity.ts";
import { formatTag } from "../../domain/format-object.ts";
import { zeroOid } from "../../domain/oid.ts";
import { REFS_TAGS, problemOfRefName } from "../../domain/reference.ts";
import { MomentField, PersonField, resolveMoment } from "../commits/person-fields.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    tag: ByteStringField("Name of the tag, without refs/tags/"),
    target: ByteStringField("Any revision"),
    message: Maybe(BytesField("Makes an annotated tag, unless it is nothing but white space")),
    tagger: PersonField,
    moment: Maybe(MomentField),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  oid: OidField("The tag object, or the target of a lightweight tag"),
  annotated: Type.Boolean(),
  commitOid: Maybe(OidField("The commit that the tag leads to, if it is one")),
});

const WHITE_SPACE = new Set([0x20, 0x09, 0x0a, 0x0c, 0x0d]);

/** Makes a lightweight or annotated tag. */
export const createTag = defineOperation({
  name: "createTag",
  summary: "Create a tag",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Input,
  output: Output,
  errors: [
    "revision_not_found",
    "reference_exists",
    "invalid_reference_name",
    "invalid_identity",
    "reference_mismatch",
    "reference_name_conflict",
    "references_locked",
    "hook_rejected",
  ],
  examples: [
    {
      title: "A lightweight tag",
      input: {
        tag: "v1.0",
        target: "main",
        tagger: { name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") },
      },
    },
  ],
  async run(input, ctx) {
    const { repository } = ctx;
    const { git, view, objectFormat } = repository;
    const name = REFS_TAGS + input.tag;
    const message = input.message ?? new Uint8Array();
    const annotated = message.some((byte) => !WHITE_SPACE.has(byte));
    const time = resolveMoment(input.moment, ctx.clock);
    const [targetOid, existing] = await repository.consistently(async () => [
      // A lightweight tag of a tag names what that tag finally names.
      await git.objects.resolve(view, annotated ? input.target : peeled(input.target), "object"),
      await git.refs.read(view, name),
    ]);
    const target = targetOid === undefined ? undefined : await git.objects.info(view, targetOid);
    if (target === undefined) throw new OperationError("revision_not_found", { revision: input.target });
    const problem = problemOfRefName(name);
    if (problem !== undefined) throw new OperationError("invalid_reference_name", { references: [name], problem });
    const commitOid = await git.objects.resolve(view, target.oid, "commit");
    if (existing !== undefined) throw new OperationError("reference_exists", { reference: name, oid: existing.oid });
    const zero = zeroOid(objectFormat);
    if (!annotated) {
      await makeReference(repository, { changes: [{ name, newOid: target.oid, expectedOid: zero }], hooks: "receive" });
      return { oid: target.oid, annotated, ...(commitOid === undefined ? {} : { commitOid }) };
    }
    const quarantine = await repository.quarantine();
    const tagger = formatIdentity(
      { name: stripDelimiters(input.tagger.name), email: stripDelimiters(input.tagger.email) },
      time,
    );
    const content = formatTag({ targetOid: target.oid, targetType: target.type, name: input.tag, tagger, message });
    const oid = await git.objects.write(quarantine.view, "tag", content);
    await makeReference(repository, {
      changes: [{ name, newOid: oid, expectedOid: zero }],
      quarantine,
      hooks: "receive",
    });
    return { oid, annotated, ...(commitOid === undefined ? {} : { commitOid }) };
  },
});

/** Moves the reference; a conflict of names then tells which object the tag would have pointed to. */
async function makeReference(repository: OpenRepository, proposal: RefProposal): Promise<void> {
  try {
    await repository.updateRefs(proposal);
  } catch (error) {
    if (!hasReason(error, "reference_name_conflict")) throw error;
    const newOid = proposal.changes[0]?.newOid ?? "";
    throw new OperationError("reference_name_conflict", { ...error.details, newOid }, { cause: error });
  }
}

/** `rev^{}`, but not behind a path: in `rev:path^{}` the suffix would be part of the path, and blobs need no peeling. */
function peeled(revision: string): string {
  return revision.includes(":") ? revision : `${revision}^{}`;
}
