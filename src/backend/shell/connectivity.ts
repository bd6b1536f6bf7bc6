import { isOid, type Oid } from "../../domain/oid.ts";
import type { RepositoryView } from "../backend.ts";
import type { GitRunner } from "./run-git.ts";
import { withShallowFile } from "./shallow-file.ts";

/**
 * Those tips that lack something of what they reach and no reference reaches: `git rev-list --objects --stdin --not --all`, as
 * receive-pack's check_connected asks. All at once first; one by one when that fails.
 */
export async function unconnected(
  runner: GitRunner,
  view: RepositoryView,
  tips: readonly Oid[],
  shallow: readonly Oid[],
): Promise<Oid[]> {
  if (tips.length === 0) return [];
  return withShallowFile(view, shallow, async (env) => {
    const isConnected = async (some: readonly Oid[]) => {
      if (!some.every((oid) => isOid(oid, view.objectFormat))) return false;
      const stdin = Buffer.from(some.map((oid) => `${oid}\n`).join(""), "latin1");
      const run = { command: "unconnected", flags: ["--not", "--all", "--alternate-refs"], stdin, env } as const;
      return (await runner.run(view, run)).exitCode === 0;
    };
    if (await isConnected(tips)) return [];
    if (tips.length === 1) return [...tips];
    const lacking: Oid[] = [];
    for (const tip of tips) if (!(await isConnected([tip]))) lacking.push(tip);
    return lacking;
  });
}
