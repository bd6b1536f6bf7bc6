import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

/** Repacks a repository and prunes what nothing reaches, as `git gc`; yields its lines of progress. */
export const collectGarbage = defineOperation({
  name: "collectGarbage",
  summary: "Collect garbage",
  kind: "maintenance",
  shape: "list",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({ line: Type.String() }),
  errors: ["repository_not_found", "git_failed"],
  examples: [{ title: "A repository", input: {} }],
  route: { method: "POST", path: "/repos/:repo/gc" },
  async *run({ repository: _ }, { repository, sessions }) {
    await sessions.keepIndexes(repository);
    // By its own view the repository is known to whoever waits for its readers, and cleans up after a crash.
    for await (const line of repository.git.maintenance.collectGarbage(repository.view)) yield [{ line }];
  },
});
