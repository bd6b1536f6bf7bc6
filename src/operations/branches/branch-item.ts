import type { OpenRepository } from "../../contract/context.ts";
import { ByteStringField, type Static, Type } from "../../contract/fields.ts";
import { CommitField } from "../../contract/nouns.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Reference } from "../../domain/reference.ts";
import { CommitReader } from "../commits/commit-reader.ts";

/** A branch and the commit at its tip. */
export const BranchField = Type.Object({ name: ByteStringField("Full name"), commit: CommitField });

type Branch = Static<typeof BranchField>;

/** Branches whose commits are read and sent together. */
const BATCH_BRANCHES = 200;

/** Reads the commits of branches, batch by batch. Throws `not_a_commit` for a branch that points at anything else. */
export async function* readBranches(
  repository: OpenRepository,
  references: readonly Reference[],
): AsyncGenerator<Branch[]> {
  if (references.length === 0) return;
  const reader = await CommitReader.open(repository);
  for (let at = 0; at < references.length; at += BATCH_BRANCHES) {
    const batch = references.slice(at, at + BATCH_BRANCHES);
    const commits = await reader.readMany(batch.map(({ oid }) => oid));
    yield batch.map(({ name, oid }, index) => {
      const commit = commits[index];
      if (commit === undefined) throw new OperationError("not_a_commit", { oid }, { context: { reference: name } });
      return { name, commit };
    });
  }
}
