import type { OpenRepository } from "../../contract/context.ts";
import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { compileRefPatterns } from "../../domain/ref-pattern.ts";
import { type Reference, REFS_HEADS, REFS_REMOTES } from "../../domain/reference.ts";
import { collectHere } from "../references/collect-references.ts";
import { defaultBranch } from "../references/default-branch.ts";
import { BranchField, readBranches } from "./branch-item.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    mergedOnly: Maybe(Type.Boolean({ description: "Only branches whose tips the default branch contains" })),
    patterns: Maybe(Type.Array(ByteStringField("Name, directory or glob; absent: all local and remote branches"))),
  },
  { additionalProperties: false },
);

/** Lists local and remote branches with the commits at their tips. */
export const listAllBranches = defineOperation({
  name: "listAllBranches",
  summary: "List local and remote branches",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: BranchField,
  errors: ["reference_not_found", "not_a_commit"],
  examples: [{ title: "Those that the default branch contains", input: { mergedOnly: true } }],
  async *run({ mergedOnly, patterns = [REFS_HEADS, REFS_REMOTES] }, { repository }) {
    const { all, tip } = await repository.consistently(async () => ({
      all: await collectHere(repository, compileRefPatterns(patterns), { peel: false }),
      tip: mergedOnly === true ? await tipOfDefaultBranch(repository) : undefined,
    }));
    yield* readBranches(repository, tip === undefined ? all : await merged(repository, tip, all));
  },
});

async function tipOfDefaultBranch(repository: OpenRepository): Promise<Oid> {
  const name = await defaultBranch(repository);
  const reference = name === undefined ? undefined : await repository.git.refs.read(repository.view, name);
  if (reference === undefined) throw new OperationError("reference_not_found", { reference: name ?? "HEAD" });
  return reference.oid;
}

async function merged({ git, view }: OpenRepository, tip: Oid, references: readonly Reference[]): Promise<Reference[]> {
  const candidates = [...new Set(references.map(({ oid }) => oid))];
  const reachable = new Set(await git.history.reachable(view, tip, candidates));
  return references.filter(({ oid }) => reachable.has(oid));
}
