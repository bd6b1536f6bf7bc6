import type { BenchContext } from "./bench-context.ts";
import { calls, type Target } from "./calls.ts";
import { importFile } from "./fast-import-reference.ts";
import { gitLines, runGit } from "./git-reference.ts";
import type { LoadClient } from "./load-client.ts";
import { inTurn, timed } from "./measure.ts";
import { atLeast, atMost, ms, perSecond, type Row, within } from "./table.ts";

const WRITERS = 8;

/** Commits, branches and merges, each durable, against git with all its flushes on. */
export async function* writeRows({ one, writable, reference, size }: BenchContext): AsyncGenerator<Row> {
  const { target } = writable;
  const head = gitLines(reference.gitDir, ["rev-parse", "HEAD"])[0]!;
  const path = (n: number) => `dir0-0/dir1-0/dir2-0/written-${n}.txt`;
  const [commits, imports] = await inTurn(
    size.writeRounds,
    (n) => one.call(calls.commitFile(target, "main", path(n), `content ${n}\n`)),
    (n) => importFile(reference.gitDir, n, head, path(n)),
  );
  yield atMost("UserCommitFiles, one small file, p50", commits.p50, imports.p50, 0.5, ms);
  yield within("UserCommitFiles, one small file, p99", commits.p99, 50, ms);
  const [branches, updates] = await inTurn(
    size.writeRounds,
    (n) => one.call(calls.createBranch(target, `made-${n}`, head)),
    (n) => runGit(reference.gitDir, ["-c", "core.fsync=all", "update-ref", `refs/heads/made-${n}`, head]),
  );
  yield atMost("UserCreateBranch", branches.p50, updates.p50, 1, ms);
  yield* mergeRow({ one, target, gitDir: reference.gitDir, rounds: size.processRounds });
}

async function* mergeRow(context: {
  one: LoadClient;
  target: Target;
  gitDir: string;
  rounds: number;
}): AsyncGenerator<Row> {
  const { one, target, gitDir, rounds } = context;
  const side = "merge-side";
  await one.call(calls.createBranch(target, side, "main~30"));
  await one.call(calls.commitFile(target, side, "dir0-1/on-the-side.txt", "side\n"));
  runGit(gitDir, ["update-ref", "refs/heads/merge-base-side", "HEAD~30"]);
  runGit(gitDir, ["fast-import", "--quiet"], importSide());
  const [merges, references] = await inTurn(
    rounds,
    (n) =>
      one.call(calls.mergeToRef(target, `refs/heads/${side}`, "refs/heads/main", `refs/merge-requests/${n}/merge`)),
    (n) => {
      const [tree] = gitLines(gitDir, [
        "-c",
        "core.fsync=all",
        "merge-tree",
        "--write-tree",
        "HEAD",
        "refs/heads/merge-side",
      ]);
      const parents = ["-p", "HEAD", "-p", "refs/heads/merge-side"];
      const [commit] = gitLines(gitDir, ["-c", "core.fsync=all", "commit-tree", ...parents, "-m", `Merge ${n}`, tree!]);
      runGit(gitDir, ["-c", "core.fsync=all", "update-ref", `refs/merge-requests/${n}/merge`, commit!]);
    },
  );
  yield atMost("UserMergeToRef, sides touch different paths", merges.p50, references.p50, 0.4, ms);
}

function importSide(): string {
  return "commit refs/heads/merge-side\ncommitter J <j@example.com> 1700000000 +0000\ndata 5\nside\nfrom refs/heads/merge-base-side^0\nM 100644 inline dir0-1/on-the-side.txt\ndata 5\nside\n\n";
}

/** Eight writers against one: on branches of one repository, and on repositories of their own. Nothing may be lost. */
export async function* writerRows({ eight, writable, manyWritable, size }: BenchContext): AsyncGenerator<Row> {
  const perWriter = size.commitsPerWriter;
  const write = async (repository: Target, branch: string, label: string, count: number) => {
    await eight.call(calls.createBranch(repository, branch, "main"));
    for (let n = 0; n < count; n++) {
      await eight.call(calls.commitFile(repository, branch, `written/${label}-${n}.txt`, `${label} ${n}\n`));
    }
  };
  const rateOf = async (work: (writer: number) => Promise<void>, writers: number) => {
    const elapsedMs = await timed(() => Promise.all(Array.from({ length: writers }, (_, writer) => work(writer))));
    return ((writers * perWriter) / elapsedMs) * 1000;
  };
  const alone: number[] = [];
  const branches: number[] = [];
  const repositories: number[] = [];
  for (let round = 0; round < 3; round++) {
    alone.push(await rateOf(() => write(writable.target, `alone-${round}`, "alone", perWriter), 1));
    branches.push(await rateOf((w) => write(writable.target, `w${w}-${round}`, `b${w}`, perWriter), WRITERS));
    repositories.push(await rateOf((w) => write(manyWritable[w]!.target, `w-${round}`, `r${w}`, perWriter), WRITERS));
  }
  const middle = (rates: number[]) => rates.toSorted((a, b) => a - b)[1]!;
  yield atLeast("8 writers on 8 branches of one repository", middle(branches), middle(alone), 1.3, perSecond);
  yield atLeast("8 writers on 8 repositories", middle(repositories), middle(alone), 1.6, perSecond);
  const kept = branches.flatMap((_, round) =>
    Array.from({ length: WRITERS }, (__, w) => countOf(writable.gitDir, `w${w}-${round}`)),
  );
  const lost = kept.filter((count) => count !== perWriter).length;
  yield { row: "8 writers: commits lost", figure: String(lost), reference: "–", target: "0", met: lost === 0 };
}

const countOf = (gitDir: string, branch: string): number =>
  Number(gitLines(gitDir, ["rev-list", "--count", `main..${branch}`])[0]);
