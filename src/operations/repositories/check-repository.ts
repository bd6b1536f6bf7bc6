import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

/** The backend's last line when there was nothing to find. */
const SOUND = "exit code 0";

/** Checks every object of a repository, as `git fsck --strict`; yields what it finds, nothing when all is well. */
export const checkRepository = defineOperation({
  name: "checkRepository",
  summary: "Check a repository",
  kind: "maintenance",
  shape: "list",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Object({ line: Type.String() }),
  errors: ["repository_not_found", "git_failed"],
  examples: [{ title: "A repository", input: {} }],
  route: { method: "POST", path: "/repos/:repo/fsck" },
  async *run({ repository: _ }, { repository, signal }) {
    const view = { ...repository.view, signal };
    for await (const line of repository.git.maintenance.check(view)) {
      if (line !== SOUND) yield [{ line }];
    }
  },
});
