import { OperationError } from "../../domain/errors.ts";
import type { QuarantinedView, RepositoryView } from "../backend.ts";
import type { MaintenanceFacet } from "../maintenance-facet.ts";
import { copyObjects } from "./copy-objects.ts";
import type { GitCommandName } from "./git-commands.ts";
import { LineQueue } from "./line-queue.ts";
import { createRepositoryConfig } from "./repository-config.ts";
import type { GitRunner } from "./run-git.ts";

/** Housekeeping through native git. */
export function createMaintenance(runner: GitRunner): MaintenanceFacet {
  return {
    ...createRepositoryConfig(runner),

    async *collectGarbage(view: RepositoryView) {
      yield* linesOf(runner, view, "collectGarbage");
    },

    async *check(view: RepositoryView, { progress = false } = {}) {
      const exitCode = yield* linesOf(runner, view, "check", [progress ? "--progress" : "--no-progress"]);
      yield `exit code ${exitCode}`;
    },

    async *importFrom(view: QuarantinedView, sourceDir: string) {
      const { quarantineDir: _, ...plain } = view;
      const source: RepositoryView = { ...plain, gitDir: sourceDir };
      const { stdout } = await runner.run(source, { command: "objectFormat" });
      const found = stdout.toString("latin1").trim();
      if (found !== view.objectFormat) {
        throw new OperationError("repository_invalid", {
          problem: `object format is ${found}, not ${view.objectFormat}`,
        });
      }
      yield* copyObjects(runner, view, source, { flags: ["--all", "--progress"], revisions: [] });
    },
  };
}

/** Lines of stdout and stderr as they come, then the exit code. */
async function* linesOf(
  runner: GitRunner,
  view: RepositoryView,
  command: GitCommandName,
  flags: readonly string[] = [],
): AsyncGenerator<string, number> {
  const started = await runner.start(view, { command, flags }, { stdin: false });
  const lines = new LineQueue();
  started.child.stdout.on("data", (chunk: Buffer) => lines.push(chunk));
  started.child.onStderr((chunk) => lines.push(chunk));
  void started.child.ended.then(() => lines.end());
  try {
    yield* lines;
    return (await started.finish()).exitCode;
  } finally {
    await started.dispose();
  }
}
