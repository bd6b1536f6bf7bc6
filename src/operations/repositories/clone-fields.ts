import type { CloneJob } from "../../contract/clones.ts";
import { Maybe, type Static, Type } from "../../contract/fields.ts";
import { repositoryNameOf } from "../../domain/repository-name.ts";

/** A clone as it is shown: never with its credential. */
export const CloneItem = Type.Object(
  {
    repo: Type.String({ description: "Full name" }),
    url: Type.String(),
    state: Type.Union([
      Type.Literal("running"),
      Type.Literal("done"),
      Type.Literal("failed"),
      Type.Literal("canceled"),
    ]),
    progress: Maybe(Type.String({ description: "The newest line of git's progress" })),
    startedAt: Type.String({ description: "RFC 3339, UTC" }),
    endedAt: Maybe(Type.String({ description: "RFC 3339, UTC; absent while it runs" })),
    problem: Maybe(
      Type.Object(
        { reason: Type.String(), message: Type.String() },
        { title: "CloneProblem", description: "Why it has failed" },
      ),
    ),
  },
  { title: "Clone" },
);

/** Shows a clone. */
export function cloneItem(job: CloneJob): Static<typeof CloneItem> {
  const { repository, url, state, progress, startedAtMs, endedAtMs, problem } = job;
  return {
    repo: repositoryNameOf(repository.relativePath),
    url,
    state,
    ...(progress === undefined ? {} : { progress }),
    startedAt: new Date(startedAtMs).toISOString(),
    ...(endedAtMs === undefined ? {} : { endedAt: new Date(endedAtMs).toISOString() }),
    ...(problem === undefined ? {} : { problem }),
  };
}
