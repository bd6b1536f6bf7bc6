import type { WorktreeDiffSpec } from "../../backend/worktree-facet.ts";
import type { Context } from "../../contract/context.ts";
import { RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { MaybeSessionField, SESSION_ERRORS } from "../sessions/session-fields.ts";
import { collectDiff, Diff, diffOptions, FormatField, pathsOf, RENAME_THRESHOLD } from "./show-diff.ts";

const Input = Type.Object(
  { repository: RepositoryField, session: MaybeSessionField, format: FormatField, ...diffOptions },
  { additionalProperties: false },
);

/** What operations have in common that show a diff of what is in a session; `side` is the method that tells it. */
export const sessionDiff = (side: "diffIndex" | "diffWorktree") =>
  ({
    kind: "read",
    shape: "call",
    access: "read",
    needsCredentials: true,
    target: "repository",
    input: Input,
    output: Type.Omit(Diff, ["id"], { additionalProperties: false, title: "WorktreeDiff" }),
    errors: [...SESSION_ERRORS, "session_required", "invalid_path", "too_large"],
    async run(
      { repository: _, session: id, format = "json", paths, ...options }: Static<typeof Input>,
      { repository, sessions, limits }: Context,
    ) {
      const spec: WorktreeDiffSpec = {
        renameThreshold: RENAME_THRESHOLD,
        ...options,
        ...pathsOf(paths),
      };
      return await sessions.reading(repository, id, ({ git, view }) =>
        collectDiff(git.worktree[side](view, spec), format, limits.answerBytesMax),
      );
    },
  }) as const;

/** Both are told as `git diff` prints them, and recognised by a hash of it. */
export const sessionDiffRoute = {
  method: "GET",
  etag: "etag",
  content: { field: "patch", type: () => "text/x-diff" },
} as const;
