import type { BenchRepository } from "./bench-context.ts";
import { importFile } from "./fast-import-reference.ts";
import { gitLines, runGit } from "./git-reference.ts";
import { inTurn, Latencies, median, timed } from "./measure.ts";
import { apiRequest, RawHttp } from "./raw-http.ts";
import { BLAMED, importBlamed, type Place, placesOf } from "./rest-fixture.ts";
import { atLeast, atMost, ms, perSecond, type Row, within } from "./table.ts";

const REPEATED = 200;
const AT_ONCE = 16;
const RATE_ROUNDS = 5;
const BLOCK = 250;
const WORK_BLOCK = 10;
/** A server that has just started translates its own code first. */
const WARM_UP = 2_000;

/** How much is measured. */
export interface RestSize {
  readonly reads: number;
  readonly processRounds: number;
  readonly writeRounds: number;
}

/** Requests, and the status that each is answered with. */
export interface Load {
  readonly requests: readonly Buffer[];
  readonly status: number;
}

/** Reads by path against the health check of the same server, over kept connections. */
export async function* restReadRows(http: string, main: BenchRepository, { reads }: RestSize): AsyncGenerator<Row> {
  const repo = `/v1/repos/${nameOf(main)}`;
  const blob = ({ commit, path }: Place) => `${repo}/blob?rev=${commit}&path=${encodeURIComponent(path)}`;
  const places = placesOf(main.gitDir, reads);
  const get = places.map((place) => apiRequest(http, "GET", blob(place)));
  const known = places.map((place) =>
    apiRequest(http, "GET", blob(place), { headers: [`If-None-Match: "${place.oid}"`] }),
  );
  const repeated = (list: readonly Buffer[]) => list.map((_, n) => list[n % REPEATED]!);
  const live = apiRequest(http, "GET", "/health/live");
  const connections = await Promise.all(Array.from({ length: AT_ONCE }, () => RawHttp.open(http)));
  const [one] = connections as [RawHttp, ...RawHttp[]];
  await rateOf(connections, { requests: Array.from({ length: WARM_UP }, () => live), status: 200 });
  await rateOf(connections, { requests: get.slice(0, WARM_UP), status: 200 });
  for (const [name, requests, p50Max, rateMin] of [
    ["different", get, 3, 0.3],
    [`${REPEATED} repeated`, repeated(get), 2, 0.4],
  ] as const) {
    const load = { requests, status: 200 };
    const latencies = await oneAtATime(one, load, live);
    yield atMost(`GET blob, ${name}, 1 at once, p50`, latencies.measured.p50, latencies.reference.p50, p50Max, ms);
    yield within(`GET blob, ${name}, 1 at once, p99`, latencies.measured.p99, 1, ms);
    const rates = await ratesInTurn(connections, load, live);
    yield atLeast(`GET blob, ${name}, 16 at once`, rates.measured, rates.reference, rateMin, perSecond);
  }
  for (const [name, requests] of [
    ["different", known],
    [`${REPEATED} repeated`, repeated(known)],
  ] as const) {
    const rates = await ratesInTurn(connections, { requests, status: 304 }, live);
    yield atLeast(`GET blob, If-None-Match, ${name}, 16 at once`, rates.measured, rates.reference, 0.7, perSecond);
  }
  for (const connection of connections) connection.close();
}

/** Requests one after the other, and as many of the reference in blocks between them. */
async function oneAtATime(connection: RawHttp, { requests, status }: Load, reference: Buffer) {
  const latencies = { measured: new Latencies(), reference: new Latencies() };
  const expected = [status];
  for (let at = 0; at < requests.length; at += BLOCK) {
    const block = requests.slice(at, at + BLOCK);
    for (const request of block) latencies.measured.add(await timed(() => connection.send(request, expected)));
    for (let i = 0; i < block.length; i++) latencies.reference.add(await timed(() => connection.send(reference)));
  }
  return latencies;
}

/** Rates of a load and of the reference, each measured several times in turn; the medians. */
async function ratesInTurn(connections: readonly RawHttp[], { requests, status }: Load, reference: Buffer) {
  const share = Math.ceil(requests.length / RATE_ROUNDS);
  const references = Array.from({ length: share }, () => reference);
  const rates = { measured: [] as number[], reference: [] as number[] };
  for (let round = 0; round < RATE_ROUNDS; round++) {
    rates.reference.push(await rateOf(connections, { requests: references, status: 200 }));
    rates.measured.push(
      await rateOf(connections, { requests: requests.slice(round * share, (round + 1) * share), status }),
    );
  }
  return { measured: median(rates.measured), reference: median(rates.reference) };
}

/** Answers a second, with one request at a time on each connection. */
export async function rateOf(connections: readonly RawHttp[], { requests, status }: Load): Promise<number> {
  let next = 0;
  const expected = [status];
  const worker = async (connection: RawHttp) => {
    while (next < requests.length) await connection.send(requests[next++]!, expected);
  };
  const elapsedMs = await timed(() => Promise.all(connections.map(worker)));
  return (requests.length / elapsedMs) * 1000;
}

/** Listings, differences, history and blame against git as a process each time. `repository` is written to. */
export async function* restWorkRows(
  http: string,
  repository: BenchRepository,
  { processRounds }: RestSize,
): AsyncGenerator<Row> {
  const { gitDir } = repository;
  importBlamed(repository);
  const connection = await RawHttp.open(http);
  const [head, left] = gitLines(gitDir, ["rev-parse", "main", "main~1"]) as [string, string];
  const against = async (row: string, limit: number, path: string, git: readonly string[]): Promise<Row> => {
    const request = apiRequest(http, "GET", `/v1/repos/${nameOf(repository)}/${path}`);
    const [measured, reference] = [new Latencies(), new Latencies()];
    // In blocks, as the point reads: what a server does between two requests is not start processes.
    for (let block = 0; block < processRounds; block += WORK_BLOCK) {
      await connection.send(request);
      for (let i = 0; i < WORK_BLOCK; i++) measured.add(await timed(() => connection.send(request)));
      for (let i = 0; i < WORK_BLOCK; i++) reference.add(await timed(() => runGit(gitDir, git)));
    }
    return atMost(row, measured.p50, reference.p50, limit, ms);
  };
  yield await against("files recursive, 15,000", 1, "files?rev=main&recursive", ["ls-tree", "-r", "-z", "main"]);
  const diff = ["diff-tree", "-p", left, head];
  yield await against("diff of a typical commit", 0.6, `diff?from=${left}&to=${head}&format=patch`, diff);
  yield await against("log of 20", 0.4, "log?rev=main&limit=20", ["log", "-20", "main"]);
  const { branch, path } = BLAMED;
  const blame = ["blame", branch, "--", path];
  yield await against("blame of a 1,000-line file", 1.1, `blame?rev=${branch}&path=${path}`, blame);
  connection.close();
}

/** One file written as a durable commit, against a git process that makes the same commit with all its flushes on. */
export async function* restWriteRows(
  http: string,
  writable: BenchRepository,
  reference: BenchRepository,
  { writeRounds }: RestSize,
): AsyncGenerator<Row> {
  const head = gitLines(reference.gitDir, ["rev-parse", "HEAD"])[0]!;
  const connection = await RawHttp.open(http);
  const path = (n: number) => `dir0-0/dir1-0/dir2-0/written-${n}.txt`;
  const put = (n: number) => {
    const body = { path: path(n), content: `content ${n}\n`, branch: "main", message: `Write ${path(n)}` };
    return connection.send(apiRequest(http, "PUT", `/v1/repos/${nameOf(writable)}/files`, { body }));
  };
  const [puts, imports] = await inTurn(writeRounds, put, (n) => importFile(reference.gitDir, n, head, path(n)));
  yield atMost("PUT of one file, p50", puts.p50, imports.p50, 0.5, ms);
  yield within("PUT of one file, p99", puts.p99, 50, ms);
  connection.close();
}

/** How a repository of the bench is named in an address. */
export const nameOf = ({ target }: BenchRepository): string =>
  encodeURIComponent(target.relativePath.replace(/\.git$/, ""));
