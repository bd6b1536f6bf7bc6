import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchRepository } from "./bench-context.ts";
import { runGit } from "./git-reference.ts";
import { inTurn, Latencies, median, timed } from "./measure.ts";
import { residentBytes } from "./process-cost.ts";
import { apiRequest, RawHttp } from "./raw-http.ts";
import { nameOf } from "./rows-rest.ts";
import type { ServerProcess } from "./server-process.ts";
import { atLeast, atMost, ms, perSecond, type Row, within } from "./table.ts";

const SESSIONS = 200;
const WRITERS = 20;
const WRITE_ROUNDS = 5;
/** What the first sessions make the server load does not belong to the others. */
const WARM_UP = 10;
const IDLE_BYTES_MAX = 200 * 1024;
const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

/** How much is measured. */
export interface SessionSize {
  readonly opens: number;
  readonly commits: number;
  /** How long sessions write side by side, milliseconds. */
  readonly writingMs: number;
}

type Checkout = "full" | "lazy";

/** The API as the holder of a token. */
class SessionClient {
  readonly #http: string;
  readonly #repo: string;
  readonly #headers: readonly string[];

  constructor(http: string, repository: BenchRepository, token: string) {
    this.#http = http;
    this.#repo = `/v1/repos/${nameOf(repository)}`;
    this.#headers = [`Authorization: Bearer ${token}`];
  }

  async open(connection: RawHttp, checkout: Checkout): Promise<string> {
    await this.#send(connection, "POST", "/sessions", { from: "main", checkout, push: false }, [201]);
    return (connection.body() as { id: string }).id;
  }

  close(connection: RawHttp, session: string): Promise<number> {
    return this.#send(connection, "DELETE", `/sessions/${session}`);
  }

  write(connection: RawHttp, session: string, path: string, content: string): Promise<number> {
    return this.#send(connection, "PUT", `/sessions/${session}/files`, { path, content });
  }

  stage(connection: RawHttp, session: string, path: string): Promise<number> {
    return this.#send(connection, "POST", `/stage?session=${session}`, { path });
  }

  commit(connection: RawHttp, session: string, message: string): Promise<number> {
    return this.#send(connection, "POST", `/sessions/${session}/commit`, { message });
  }

  #send(connection: RawHttp, method: string, path: string, body?: unknown, expected = [200]): Promise<number> {
    const request = apiRequest(this.#http, method, this.#repo + path, { headers: this.#headers, body });
    return connection.send(request, expected);
  }
}

/** Worktree sessions against git's own worktrees. `scratch` is a directory on the same disk. */
export async function* sessionRows(
  server: ServerProcess,
  token: string,
  { repository, reference, scratch }: { repository: BenchRepository; reference: BenchRepository; scratch: string },
  size: SessionSize,
): AsyncGenerator<Row> {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const client = new SessionClient(server.http, repository, token);
  const connection = await RawHttp.open(server.http);
  try {
    yield* openRows(client, connection, reference, scratch, size);
    yield await commitRow(client, connection, reference, scratch, size);
    yield* manyRows(client, connection, server, size);
  } finally {
    connection.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function* openRows(
  client: SessionClient,
  connection: RawHttp,
  reference: BenchRepository,
  scratch: string,
  { opens }: SessionSize,
): AsyncGenerator<Row> {
  const latencies = { full: new Latencies(), lazy: new Latencies(), git: new Latencies() };
  const open = async (checkout: Checkout) => {
    let session = "";
    latencies[checkout].add(await timed(async () => (session = await client.open(connection, checkout))));
    await client.close(connection, session);
  };
  for (let round = 0; round < opens; round++) {
    await open("full");
    const worktree = join(scratch, `worktree-${round}`);
    latencies.git.add(
      await timed(() => runGit(reference.gitDir, ["worktree", "add", "-q", "--detach", worktree, "main"])),
    );
    runGit(reference.gitDir, ["worktree", "remove", "--force", worktree]);
    await open("lazy");
  }
  yield atMost("open a session, 15,000 files checked out", latencies.full.p50, latencies.git.p50, 1, ms);
  yield atMost("open a session, lazy", latencies.lazy.p50, latencies.git.p50, 0.1, ms);
}

/** A file written, staged and committed, everything flushed: three requests against two processes. */
async function commitRow(
  client: SessionClient,
  connection: RawHttp,
  reference: BenchRepository,
  scratch: string,
  { commits }: SessionSize,
): Promise<Row> {
  const session = await client.open(connection, "full");
  const worktree = join(scratch, "committed");
  runGit(reference.gitDir, ["worktree", "add", "-q", "--detach", worktree, "main"]);
  const path = (n: number) => `dir0-0/dir1-0/dir2-0/written-${n}.txt`;
  const flushing = ["-c", "core.fsync=all"];
  const [ours, git] = await inTurn(
    commits,
    async (n) => {
      await client.write(connection, session, path(n), `content ${n}\n`);
      await client.stage(connection, session, path(n));
      await client.commit(connection, session, `Write ${n}`);
    },
    (n) => {
      writeFileSync(join(worktree, path(n)), `content ${n}\n`);
      runGit(worktree, [...flushing, "add", "--", path(n)]);
      runGit(worktree, [...flushing, "commit", "-q", "-m", `Write ${n}`]);
    },
  );
  await client.close(connection, session);
  return atMost("write, stage and commit in a session", ours.p50, git.p50, 0.4, ms);
}

/** Many sessions: what an idle one costs, and whether those that write hold each other up. */
async function* manyRows(
  client: SessionClient,
  connection: RawHttp,
  server: ServerProcess,
  { writingMs }: SessionSize,
): AsyncGenerator<Row> {
  const warm: string[] = [];
  while (warm.length < WARM_UP) warm.push(await client.open(connection, "lazy"));
  const before = residentBytes(server.pid);
  const sessions: string[] = [];
  while (sessions.length < SESSIONS) sessions.push(await client.open(connection, "lazy"));
  const each = (residentBytes(server.pid) - before) / SESSIONS;
  const writers = sessions.slice(0, WRITERS);
  const connections = await Promise.all(writers.map(() => RawHttp.open(server.http)));
  /** Files that each of so many sessions wrote in the time, a second. */
  const write = async (count: number, round: number) => {
    const endsAtMs = performance.now() + writingMs;
    return await Promise.all(
      writers.slice(0, count).map(async (session, at) => {
        let written = 0;
        for (; performance.now() < endsAtMs; written++)
          await client.write(connections[at]!, session, `written/${count}-${round}-${written}.txt`, `${written}\n`);
        return (written * 1000) / writingMs;
      }),
    );
  };
  const alone: number[] = [];
  const together: number[][] = [];
  for (let round = 0; round < WRITE_ROUNDS; round++) {
    alone.push(...(await write(1, round)));
    together.push(await write(WRITERS, round));
  }
  const sum = (rates: readonly number[]) => rates.reduce((all, rate) => all + rate, 0);
  const row = `${SESSIONS} sessions open, ${WRITERS} writing`;
  yield atLeast(`${row}: in all, against one`, median(together.map(sum)), median(alone), 1.5, perSecond);
  const slowest = median(together.map((rates) => Math.min(...rates)));
  yield atLeast(`${row}: the slowest, against the mean`, slowest, median(together.map(sum)) / WRITERS, 0.5, perSecond);
  yield within(`${SESSIONS} sessions: memory of each idle one`, each, IDLE_BYTES_MAX, kib);
  for (const one of connections) one.close();
  for (const session of [...warm, ...sessions]) await client.close(connection, session);
}
