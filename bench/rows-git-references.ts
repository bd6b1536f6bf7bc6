import type { BenchRepository } from "./bench-context.ts";
import type { Addresses, GitClient } from "./git-client.ts";
import { inTurn, Latencies, median, timed } from "./measure.ts";
import type { NginxReference } from "./nginx-reference.ts";
import { RawHttp, uploadPackRequest } from "./raw-http.ts";
import { atLeast, atMost, ms, perSecond, type Row } from "./table.ts";

const IN_FLIGHT = 16;
/** A server that has just started translates its own code first. */
const WARM_UP = 300;
const REQUESTS_A_BLOCK = 50;
const PROCESSES_A_BLOCK = 10;

/** Packets as text: what a client of version 2 asks for references with. */
function lsRefs(prefixes: readonly string[]): Buffer {
  const packet = (text: string) => `${(text.length + 4).toString(16).padStart(4, "0")}${text}`;
  const asked = ["peel\n", "symrefs\n", ...prefixes.map((prefix) => `ref-prefix ${prefix}\n`)].map(packet).join("");
  return Buffer.from(`${packet("command=ls-refs\n")}${packet("object-format=sha1")}0001${asked}0000`);
}

const BRANCHES_AND_TAGS = ["HEAD", "refs/heads/", "refs/tags/"];

/** One `git upload-pack` process that answers the request. */
async function uploadPackProcess(gitDir: string, body: Buffer): Promise<void> {
  const child = Bun.spawn(["git", "upload-pack", "--stateless-rpc", gitDir], {
    env: { PATH: process.env["PATH"] ?? "", GIT_PROTOCOL: "version=2", GIT_CONFIG_NOSYSTEM: "1" },
    stdin: body,
    stdout: "pipe",
    stderr: "ignore",
  });
  await new Response(child.stdout).arrayBuffer();
  if ((await child.exited) !== 0) throw new Error("git upload-pack failed");
}

export interface ReferenceRepositories {
  /** 300 branches and tags. */
  readonly few: BenchRepository;
  /** 10,000 branches. */
  readonly many: BenchRepository;
}

/** `ls-refs` over kept connections: one at a time against a process for each, and 16 at once against nginx. */
export async function* lsRefsRows(
  http: string,
  { few, many }: ReferenceRepositories,
  nginx: NginxReference | undefined,
  rounds: number,
): AsyncGenerator<Row> {
  const requestOf = (repository: BenchRepository, body: Buffer) =>
    uploadPackRequest(http, `/${repository.target.relativePath}`, body);
  const connection = await RawHttp.open(http);
  const row = async (name: string, repository: BenchRepository, prefixes: readonly string[], limit: number) => {
    const body = lsRefs(prefixes);
    const request = requestOf(repository, body);
    for (let i = 0; i < WARM_UP; i++) await connection.send(request);
    // In blocks, as the point reads: what a server does between two requests is not start processes.
    const [ours, process_] = [new Latencies(), new Latencies()];
    for (let block = 0; block < rounds; block += PROCESSES_A_BLOCK) {
      for (let i = 0; i < REQUESTS_A_BLOCK; i++) ours.add(await timed(() => connection.send(request)));
      for (let i = 0; i < PROCESSES_A_BLOCK; i++)
        process_.add(await timed(() => uploadPackProcess(repository.gitDir, body)));
    }
    return atMost(`ls-refs over HTTP, ${name}, p50`, ours.p50, process_.p50, limit, ms);
  };
  yield await row("300 branches and tags", few, BRANCHES_AND_TAGS, 0.2);
  yield await row("one prefix of 300", few, ["refs/heads/main"], 0.1);
  yield await row("10,000 branches", many, BRANCHES_AND_TAGS, 0.7);
  connection.close();
  if (nginx === undefined) return;
  const body = lsRefs(BRANCHES_AND_TAGS);
  const path = `/${few.target.relativePath}`;
  const rates = { ours: [] as number[], nginx: [] as number[] };
  for (let round = 0; round < 3; round++) {
    rates.nginx.push(await rateOf(nginx.address, uploadPackRequest(nginx.address, path, body), 30 * IN_FLIGHT));
    rates.ours.push(await rateOf(http, requestOf(few, body), 10 * rounds * IN_FLIGHT));
  }
  yield atLeast("ls-refs over HTTP, 300 refs, 16 at once", median(rates.ours), median(rates.nginx), 20, perSecond);
}

/** Answers a second, with so many requests at once on as many connections. */
async function rateOf(address: string, request: Buffer, count: number): Promise<number> {
  const connections = await Promise.all(Array.from({ length: IN_FLIGHT }, () => RawHttp.open(address)));
  let left = count;
  const elapsedMs = await timed(() =>
    Promise.all(
      connections.map(async (connection) => {
        while (left-- > 0) await connection.send(request);
      }),
    ),
  );
  for (const connection of connections) connection.close();
  return (count * 1000) / elapsedMs;
}

/** `git ls-remote`, the client's own time included, against the path on disk. */
export async function* lsRemoteRows(client: GitClient, addresses: Addresses, rounds: number): AsyncGenerator<Row> {
  for (const [door, limit] of [
    ["http", 1.8],
    ["ssh", 6],
    ["git", 2],
  ] as const) {
    const [ours, path] = await inTurn(
      rounds,
      () => client.git(["ls-remote", addresses[door]]),
      () => client.git(["ls-remote", addresses.path]),
    );
    yield atMost(`git ls-remote, ${door}`, ours.p50, path.p50, limit, ms);
  }
}
