import type { ChangedPathsRequest } from "../../backend/backend.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { ByteStringField, Maybe, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { ChangedPathField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { resolveTree } from "../files/resolve-tree.ts";

const Question = Type.Union([
  Type.Object(
    {
      commit: ByteStringField("Revision of a commit, compared with its parents"),
      parents: Maybe(Type.Array(ByteStringField("Revision of a commit to take for a parent"))),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { left: ByteStringField("Revision of the old tree"), right: ByteStringField("Revision of the new tree") },
    { additionalProperties: false },
  ),
]);

const Input = Type.Object(
  {
    repository: RepositoryField,
    questions: Type.Array(Question),
    merges: Maybe(
      Type.Union([Type.Literal("include"), Type.Literal("all-parents")], {
        description: "Compare a merge with each parent, or tell only what differs from all",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Lists the paths that commits changed, or in which trees differ; renames are a deletion and an addition. */
export const findChangedPaths = defineOperation({
  name: "findChangedPaths",
  summary: "List changed paths",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: ChangedPathField,
  errors: ["revision_not_found"],
  examples: [{ title: "The last commit of main", input: { questions: [{ commit: "main" }] } }],
  async *run({ questions, merges = "include" }, { repository }) {
    const requests = await repository.consistently(async () => {
      const resolved: ChangedPathsRequest[] = [];
      for (const question of questions) resolved.push(await resolve(repository, question));
      return resolved;
    });
    if (requests.length > 0) yield* repository.git.diff.changedPaths(repository.view, requests, merges);
  },
});

async function resolve(repository: OpenRepository, question: Static<typeof Question>): Promise<ChangedPathsRequest> {
  if ("left" in question) {
    const left = found(await resolveTree(repository, question.left), question.left, "left tree");
    return {
      kind: "trees",
      left,
      right: found(await resolveTree(repository, question.right), question.right, "right tree"),
    };
  }
  const { git, view } = repository;
  const commit = found(await git.objects.resolve(view, question.commit, "commit"), question.commit, "commit");
  const parents: Oid[] = [];
  for (const parent of question.parents ?? []) {
    parents.push(found(await git.objects.resolve(view, parent, "commit"), parent, "commit parent"));
  }
  return { kind: "commit", commit, ...(parents.length > 0 ? { parents } : {}) };
}

function found(oid: Oid | undefined, revision: ByteString, field: string): Oid {
  if (oid === undefined) throw new OperationError("revision_not_found", { revision, field });
  return oid;
}
