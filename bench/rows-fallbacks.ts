import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerProcess } from "./server-process.ts";
import type { Row } from "./table.ts";

/** The conformance checks, in a folder beside the repository. */
const SUITE = join(import.meta.dir, "..", "..", "shared", "conformance", "gitaly", "run.mjs");

const RPCS = [
  "FindDefaultBranchName",
  "FindLocalBranches",
  "FindAllBranches",
  "FindAllTags",
  "FindTag",
  "FindBranch",
  "UpdateReferences",
  "DeleteRefs",
  "ListRefs",
  "UserCreateBranch",
  "UserUpdateBranch",
  "UserDeleteBranch",
  "UserCreateTag",
  "UserDeleteTag",
  "UserMergeToRef",
  "UserRebaseToRef",
  "operation-merge",
  "UserCherryPick",
  "UserRevert",
  "operation-commit-files",
  "ListCommits",
  "CommitIsAncestor",
  "TreeEntry",
  "GetTreeEntries",
  "FindCommit",
  "diff-commit",
  "RawDiff",
  "DiffStats",
  "FindChangedPaths",
  "GetBlob:",
  "GetBlobs",
  "ListBlobs",
];

/** Which share of the backend calls that the conformance checks of each RPC cause went to native git, and which calls. */
export async function* fallbackRows(server: ServerProcess, storage: string): AsyncGenerator<Row> {
  if (!existsSync(SUITE)) return;
  for (const rpc of RPCS) {
    const before = await counts(server);
    const run = Bun.spawn(["node", SUITE, "--address", server.grpc, "--storage-path", storage, "--only", rpc], {
      stdout: "ignore",
      stderr: "ignore",
    });
    await run.exited;
    const after = await counts(server);
    const share = (after.shell - before.shell) / Math.max(1, after.all - before.all);
    const fell = Object.keys(after.fallbacks).filter((name) => after.fallbacks[name] !== before.fallbacks[name]);
    const figure = `${(share * 100).toFixed(1)} %`;
    yield {
      row: `fell back to native git: ${rpc.replace(":", "")}`,
      figure,
      reference: fell.join(", ") || "–",
      target: "said",
    };
  }
}

interface Counts {
  all: number;
  shell: number;
  fallbacks: Record<string, number>;
}

async function counts(server: ServerProcess): Promise<Counts> {
  const found: Counts = { all: 0, shell: 0, fallbacks: {} };
  for (const line of (await server.metrics()).split("\n")) {
    const value = Number(line.slice(line.lastIndexOf(" ") + 1));
    if (line.startsWith("holdfast_backend_calls_total{")) {
      found.all += value;
      if (line.includes('backend="shell"')) found.shell += value;
    }
    const label = /^holdfast_backend_fallbacks_total\{facet="(\w+)",method="(\w+)"/.exec(line);
    if (label !== null)
      found.fallbacks[`${label[1]}.${label[2]}`] = value + (found.fallbacks[`${label[1]}.${label[2]}`] ?? 0);
  }
  return found;
}
