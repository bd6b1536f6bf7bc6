import { BytesField, Maybe, OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { parseCommit, rawHeader } from "../../domain/commit.ts";
import { OperationError } from "../../domain/errors.ts";
import { REFS_HEADS } from "../../domain/reference.ts";
import { BRANCH_ERRORS, branchFields, changeBranch } from "../merges/change-branch.ts";
import { Taken } from "../merges/take-commit.ts";
import { commitIdentity, PersonField, resolveMoment } from "./person-fields.ts";
import { signerFor, signFields } from "./signer.ts";
import { writeCommit } from "./write-commit.ts";
import { writerOf } from "./writer-of.ts";

/** Replaces the newest commit of a branch by one with another message or author. */
export const amendCommit = defineOperation({
  name: "amendCommit",
  summary: "Amend the newest commit",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      ...branchFields,
      message: Maybe(BytesField("Its message from now on; unchanged when absent")),
      author: Maybe(PersonField),
      treeOid: Maybe(OidField("Its tree from now on; unchanged when absent")),
      ...signFields,
    },
    { additionalProperties: false },
  ),
  output: Taken,
  errors: [...BRANCH_ERRORS, "object_not_found", "signing_key_missing"],
  examples: [{ title: "Another message", input: { branch: "main", message: Buffer.from("Better words\n") } }],
  tool: { destructive: true, advice: "The last commit of the branch is replaced." },
  route: { method: "POST", path: "/repos/:repo/commits/amend", ifMatch: "expectedOid" },
  async run({ message, author, treeOid, sign, ...input }, ctx) {
    const signer = signerFor(ctx, sign);
    const { repository } = ctx;
    const { git } = repository;
    const amended = await changeBranch(ctx, input, async ({ tip }, { view }) => {
      const object = await git.objects.read(view, tip);
      if (object === undefined) throw new OperationError("object_not_found", { oid: tip });
      const commit = parseCommit(tip, object.content);
      if (treeOid !== undefined && (await git.objects.info(view, treeOid))?.type !== "tree")
        throw new OperationError("object_not_found", { oid: treeOid, field: "treeOid" });
      const time = resolveMoment(undefined, ctx.clock);
      const writer = commitIdentity(await writerOf(ctx), time);
      const parts = {
        treeOid: treeOid ?? commit.treeOid,
        parentOids: [...commit.parentOids],
        author: author === undefined ? (rawHeader(object.content, "author") ?? writer) : commitIdentity(author, time),
        committer: writer,
        message: message ?? commit.message,
        encoding: commit.encoding,
      };
      return { newOid: await writeCommit(repository, view, parts, signer) };
    });
    return { commit: amended.newOid, branch: amended.reference.slice(REFS_HEADS.length), oldOid: amended.tip };
  },
});
