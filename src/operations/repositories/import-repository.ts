import type { RepositoryView } from "../../backend/backend.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { zeroOid } from "../../domain/oid.ts";
import type { RefChange } from "../../domain/reference.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    sourceDir: Type.String({ pattern: "^/", description: "Absolute path of a git directory on the server's machine" }),
  },
  { additionalProperties: false },
);

/**
 * Copies all references of a repository on disk, and what they reach, into a repository that has none of them yet. All or
 * nothing; yields git's lines of progress.
 */
export const importRepository = defineOperation({
  name: "importRepository",
  summary: "Import a repository",
  kind: "write",
  shape: "list",
  access: "server-admin",
  target: "repository",
  input: Input,
  output: Type.Object({ line: Type.String() }),
  errors: ["repository_not_found", "reference_mismatch", "git_failed"],
  examples: [{ title: "From a clone", input: { sourceDir: "/srv/git/project.git" } }],
  async *run({ sourceDir }, { repository, signal }) {
    const source: RepositoryView = { gitDir: sourceDir, objectFormat: repository.objectFormat, signal };
    // Read first: what the references reach is then there when the objects have been copied.
    const changes = await referencesOf(source, repository);
    const head = await repository.git.refs.head(source);
    const quarantine = await repository.quarantine();
    for await (const line of repository.git.maintenance.importFrom({ ...quarantine.view, signal }, sourceDir)) {
      yield [{ line }];
    }
    if (changes.length > 0) await repository.updateRefs({ changes, quarantine, hooks: "none" });
    if (head.target !== undefined) await repository.setHead(head.target);
  },
});

/** Every reference of the source as one to be made here; symbolic ones become plain. */
async function referencesOf(source: RepositoryView, { git, objectFormat }: OpenRepository): Promise<RefChange[]> {
  const expectedOid = zeroOid(objectFormat);
  const changes: RefChange[] = [];
  for await (const batch of git.refs.list(source, { prefixes: [], peel: false })) {
    for (const { name, oid } of batch) changes.push({ name, newOid: oid, expectedOid });
  }
  return changes;
}
