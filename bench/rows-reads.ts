import type { BenchContext } from "./bench-context.ts";
import { calls } from "./calls.ts";
import { gitLines, runGit } from "./git-reference.ts";
import { inTurn, oneInFlight, ratesInTurn } from "./measure.ts";
import { preparePointReads } from "./point-reads.ts";
import { atLeast, atMost, ms, perSecond, type Row, within } from "./table.ts";

const REPEATED = 200;
const RATE_ROUNDS = 5;

/** TreeEntry, FindCommit and GetBlob against a health check of the same server, one call at a time and sixteen. */
export async function* pointReadRows({ one, four, main, size }: BenchContext): AsyncGenerator<Row> {
  const reads = preparePointReads(main.gitDir, main.target, size.pointReads);
  const check = calls.check();
  for (const [name, different] of Object.entries(reads) as [string, (typeof reads)["treeEntry"]][]) {
    const repeated = Array.from({ length: different.length }, (_, i) => different[i % REPEATED]!);
    const first = await oneInFlight(one, different, check);
    yield atMost(`${name}, different, 1 in flight, p50`, first.measured.p50, first.reference.p50, 3, ms);
    yield within(`${name}, different, 1 in flight, p99`, first.measured.p99, 1, ms);
    const again = await oneInFlight(one, repeated, check);
    yield atMost(`${name}, ${REPEATED} repeated, 1 in flight, p50`, again.measured.p50, again.reference.p50, 2, ms);
    yield within(`${name}, ${REPEATED} repeated, 1 in flight, p99`, again.measured.p99, 1, ms);
    const checks = Array.from({ length: Math.ceil(different.length / RATE_ROUNDS) }, () => check);
    const rates = await ratesInTurn(four, different, checks, 16, RATE_ROUNDS);
    yield atLeast(`${name}, different, 16 in flight`, rates.measured, rates.reference, 0.4, perSecond);
    const ratesAgain = await ratesInTurn(four, repeated, checks, 16, RATE_ROUNDS);
    yield atLeast(
      `${name}, ${REPEATED} repeated, 16 in flight`,
      ratesAgain.measured,
      ratesAgain.reference,
      0.5,
      perSecond,
    );
  }
}

/** History, listings and differences against git as a process each time. */
export async function* workRows({ one, main, manyRefs, size }: BenchContext): AsyncGenerator<Row> {
  const { gitDir, target } = main;
  const rounds = size.processRounds;
  const against = async (row: string, limit: number, ours: () => Promise<number>, git: () => void): Promise<Row> => {
    await ours();
    git();
    const [measured, reference] = await inTurn(rounds, ours, git);
    return atMost(row, measured.p50, reference.p50, limit, ms);
  };
  const [head, left] = [gitLines(gitDir, ["rev-parse", "HEAD"])[0]!, gitLines(gitDir, ["rev-parse", "HEAD~1"])[0]!];
  const root = gitLines(gitDir, ["rev-list", "--max-parents=0", "HEAD"]).at(-1)!;
  const log = ["log", "-20", "--format=raw", "HEAD"];
  yield await against(
    "ListCommits, 20 from HEAD",
    0.4,
    () => one.call(calls.listCommits(target, "HEAD", 20)),
    () => runGit(gitDir, log),
  );
  const ancestor = ["merge-base", "--is-ancestor", root, head];
  yield await against(
    "CommitIsAncestor, root of HEAD",
    0.2,
    () => one.call(calls.isAncestor(target, root, head)),
    () => runGit(gitDir, ancestor),
  );
  const list = ["ls-tree", "-r", "-z", "HEAD"];
  yield await against(
    "GetTreeEntries, recursive",
    1.5,
    () => one.call(calls.listTree(target, "HEAD")),
    () => runGit(gitDir, list),
  );
  const diff = ["diff-tree", "-p", left, head];
  yield await against(
    "CommitDiff of a typical commit",
    0.5,
    () => one.call(calls.commitDiff(target, left, head)),
    () => runGit(gitDir, diff),
  );
  yield await against(
    "RawDiff of a typical commit",
    0.5,
    () => one.call(calls.rawDiff(target, left, head)),
    () => runGit(gitDir, diff),
  );
  const branches = ["for-each-ref", `--format=${BRANCH_FIELDS}`, "refs/heads/"];
  yield await against(
    "FindLocalBranches, 10,000 refs",
    1,
    () => one.call(calls.findLocalBranches(manyRefs.target)),
    () => runGit(manyRefs.gitDir, branches),
  );
  const refs = ["for-each-ref", "--format=%(refname) %(objectname)"];
  yield await against(
    "ListRefs, 10,000 refs",
    1,
    () => one.call(calls.listRefs(manyRefs.target)),
    () => runGit(manyRefs.gitDir, refs),
  );
}

/** What FindLocalBranches answers of each branch: its name and its whole commit. */
const BRANCH_FIELDS = [
  "%(refname)",
  "%(objectname)",
  "%(tree)",
  "%(parent)",
  "%(authorname)",
  "%(authoremail)",
  "%(authordate:raw)",
  "%(committername)",
  "%(committeremail)",
  "%(committerdate:raw)",
  "%(contents)",
].join("%00");
