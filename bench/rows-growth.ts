import type { BenchContext, BenchRepository } from "./bench-context.ts";
import { calls } from "./calls.ts";
import { gitLines } from "./git-reference.ts";
import type { LoadClient, PreparedCall } from "./load-client.ts";
import { Latencies, timed } from "./measure.ts";
import { preparePointReads } from "./point-reads.ts";
import { atMost, ms, type Row } from "./table.ts";

const POINT_READS = 2_000;
const BRANCHES = 100;

/** Repositories that differ in one respect. */
export interface Growth {
  readonly fewRefs: BenchRepository;
  readonly manyRefs: BenchRepository;
  readonly short: BenchRepository;
}

/** How the figures of a larger repository compare with those of a smaller one. */
export async function* growthRows(
  { one, main }: BenchContext,
  { fewRefs, manyRefs, short }: Growth,
): AsyncGenerator<Row> {
  yield* compareReads(one, "1,000 to 100,000 refs", fewRefs, manyRefs);
  yield* compareReads(one, "1,000 to 25,000 commits", short, main);
  const create = (repository: BenchRepository) => {
    const head = gitLines(repository.gitDir, ["rev-parse", "HEAD"])[0]!;
    return Array.from({ length: BRANCHES }, (_, n) => calls.createBranch(repository.target, `grown-${n}`, head));
  };
  const [small, large] = await latenciesInTurn(one, create(fewRefs), create(manyRefs));
  yield atMost("growth, UserCreateBranch, 1,000 to 100,000 refs", large.p50, small.p50, 2, ms);
}

async function* compareReads(
  one: LoadClient,
  what: string,
  small: BenchRepository,
  large: BenchRepository,
): AsyncGenerator<Row> {
  const [fromSmall, fromLarge] = [small, large].map(({ gitDir, target }) =>
    preparePointReads(gitDir, target, POINT_READS),
  );
  for (const name of ["treeEntry", "findCommit", "getBlob"] as const) {
    const count = Math.min(fromSmall![name].length, fromLarge![name].length);
    const [first, second] = await latenciesInTurn(
      one,
      fromSmall![name].slice(0, count),
      fromLarge![name].slice(0, count),
    );
    yield atMost(`growth, ${name}, ${what}`, second.p50, first.p50, 1.2, ms);
  }
}

async function latenciesInTurn(one: LoadClient, first: readonly PreparedCall[], second: readonly PreparedCall[]) {
  const latencies = [new Latencies(), new Latencies()] as const;
  for (const [at, call] of first.entries()) {
    latencies[0].add(await timed(() => one.call(call)));
    latencies[1].add(await timed(() => one.call(second[at]!)));
  }
  return latencies;
}
