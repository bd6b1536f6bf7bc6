import { join } from "node:path";
import type { BenchRepository } from "./bench-context.ts";
import { calls } from "./calls.ts";
import { gitLines, runGit } from "./git-reference.ts";
import { LoadClient } from "./load-client.ts";
import { median } from "./measure.ts";
import { atLeast, atMost, perSecond, type Row, within } from "./table.ts";

const HERE = join(import.meta.dir, "client");
const MIB = 1024 * 1024;
const STREAMED_BYTES_MAX = 16 * MIB;
const WHOLE_TIMES_MAX = 3;
/** Reads go over so few places, again and again: the client is measured, not how the server finds them. */
const REPEATED = 200;
const LARGE_ROUNDS = 3;

/** What a driver in `bench/client` prints. */
interface CallRates {
  readonly kind: string;
  readonly inFlight: number;
  readonly adapter: readonly number[];
  readonly bare: readonly number[];
}
interface LargeAnswer {
  readonly elapsedMs: number;
  readonly peakBytes: number;
  /** The same for the same answer once more in the same process. */
  readonly againBytes: number;
}

/** The client's adapter against the same RPCs by bare gRPC, both in one other process on Node.js. */
export async function* clientRateRows(address: string, writable: BenchRepository, quick: boolean): AsyncGenerator<Row> {
  const commits = gitLines(writable.gitDir, ["rev-list", `--max-count=${REPEATED}`, "main"]);
  const paths = gitLines(writable.gitDir, ["ls-tree", "-r", "--name-only", "main"]);
  const places = commits.map((revision, n) => ({ revision, path: paths[(n * 7919) % paths.length]! }));
  // Both ways write to branches that are there already, a branch for each call in flight.
  const branches = ["adapter", "bare"].flatMap((way) => Array.from({ length: 16 }, (_, n) => `${way}-${n}`));
  const create = branches.map((name) => `create refs/heads/${name} ${commits[0]}\n`);
  runGit(writable.gitDir, ["update-ref", "--stdin"], create.join(""));
  const load = quick ? { rounds: 6, reads: 200, writes: 16 } : { rounds: 16, reads: 500, writes: 32 };
  const { relativePath } = writable.target;
  const task = { address, storage: "default", relativePath, ...load, revisions: commits, places };
  for (const { kind, inFlight, adapter, bare } of await drive<CallRates[]>("call-rates.mjs", task)) {
    yield atLeast(`client: ${kind}, ${inFlight} in flight`, median(adapter), median(bare), 0.85, perSecond);
  }
}

/** Each large answer: how it is asked for, and the call whose messages it is made of. */
function largeAnswers({ gitDir, target }: BenchRepository) {
  const [to = "", from = "", before = ""] = gitLines(gitDir, ["rev-list", "--max-count=3", "main"]);
  const at = (path: string) => ({ revision: to, path });
  const diff = { request: { from, to }, warmUp: { from: before, to: from } };
  return [
    {
      name: "a blob of 100 MB",
      calls: ["getBlob", "streamBlob"],
      request: at("blob/large.bin"),
      warmUp: at("small/blob.bin"),
      answer: calls.treeEntry(target, to, "blob/large.bin"),
    },
    {
      name: "a tree of 20,000 entries",
      calls: ["getTreeEntries", "streamTreeEntries"],
      request: at("many"),
      warmUp: at("small/tree"),
      answer: calls.listTree(target, to, "many", false),
    },
    {
      name: "a diff of 50 MB, file by file",
      calls: ["commitDiff", "streamCommitDiff"],
      ...diff,
      answer: calls.commitDiff(target, from, to),
    },
    {
      name: "a diff of 50 MB, raw",
      calls: ["rawDiff", "streamRawDiff"],
      ...diff,
      answer: calls.rawDiff(target, from, to),
    },
  ] as const;
}

/** Time and memory of large answers, each in a process of its own; time against bare gRPC, memory against the answer's bytes. */
export async function* largeAnswerRows(address: string, large: BenchRepository): AsyncGenerator<Row> {
  const { relativePath } = large.target;
  const counting = new LoadClient(address, 1);
  for (const { name, calls, request, warmUp, answer } of largeAnswers(large)) {
    const bytes = await counting.call(answer);
    const ask = (call: string, way: string) =>
      medianAnswer({ address, storage: "default", relativePath, call, way, request, warmUp });
    const [whole, streamed] = [await ask(calls[0], "adapter"), await ask(calls[1], "adapter")];
    const [bare, drained] = [await ask(calls[0], "bare"), await ask(calls[0], "drain")];
    for (const [how, { elapsedMs }] of [
      ["", whole],
      [", streamed", streamed],
    ] as const) {
      const figures = { figure: seconds(elapsedMs), reference: seconds(bare.elapsedMs) };
      yield { row: `client: ${name}${how}, time`, ...figures, ratio: elapsedMs / bare.elapsedMs, target: "–" };
    }
    yield atMost(`client: ${name}, memory`, whole.peakBytes, bytes, WHOLE_TIMES_MAX, mib);
    // The reference says what the runtime takes for the same bytes when nobody keeps any of them.
    for (const [how, ours, theirs] of [
      ["the first of a process", streamed.peakBytes, drained.peakBytes],
      ["each one after", streamed.againBytes, drained.againBytes],
    ] as const) {
      const row = `client: ${name}, streamed, memory, ${how}`;
      yield {
        ...within(row, ours, STREAMED_BYTES_MAX, mib),
        reference: mib(theirs),
        ratio: ours / Math.max(theirs, 1),
      };
    }
  }
  counting.close();
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
const seconds = (elapsedMs: number): string => `${(elapsedMs / 1000).toFixed(2)} s`;

/** The middle of several, each in a process of its own. */
async function medianAnswer(task: object): Promise<LargeAnswer> {
  const answers: LargeAnswer[] = [];
  for (let round = 0; round < LARGE_ROUNDS; round++) answers.push(await drive<LargeAnswer>("large-answer.mjs", task));
  return {
    elapsedMs: median(answers.map(({ elapsedMs }) => elapsedMs)),
    peakBytes: median(answers.map(({ peakBytes }) => peakBytes)),
    againBytes: median(answers.map(({ againBytes }) => againBytes)),
  };
}

/** Runs a driver on Node.js, tells it its task and answers what it prints. */
async function drive<T>(program: string, task: object): Promise<T> {
  const child = Bun.spawn(["node", "--expose-gc", join(HERE, program)], {
    stdin: new Blob([JSON.stringify(task)]),
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`${program} failed`);
  return JSON.parse(text) as T;
}
