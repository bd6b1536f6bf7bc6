import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

const LINES_MAX = 10_000;

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
  input: Type.Object(
    {
      repository: RepositoryField,
      limit: Maybe(Type.Integer({ minimum: 1, maximum: LINES_MAX, description: "Lines at most; absent: all" })),
      progress: Maybe(Type.Boolean({ description: "Yield git's lines of progress as well" })),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({ line: Type.String() }),
  errors: ["repository_not_found", "git_failed"],
  examples: [{ title: "A repository", input: {} }],
  route: { method: "POST", path: "/repos/:repo/fsck" },
  async *run({ limit = Infinity, progress = false }, { repository }) {
    let left = limit;
    for await (const line of repository.git.maintenance.check(repository.view, { progress })) {
      if (line === SOUND) continue;
      yield [{ line }];
      if (--left === 0) return;
    }
  },
});
