import { connect, type Socket } from "node:net";
import type { BenchRepository } from "./bench-context.ts";
import { addressesOf, type GitClient } from "./git-client.ts";
import { inTurn } from "./measure.ts";
import { residentBytes } from "./process-cost.ts";
import type { ServerProcess } from "./server-process.ts";
import { atMost, ms, type Row, within } from "./table.ts";

const SUBSCRIBERS = 2_000;
const OPENING_AT_ONCE = 50;
const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
const nameOf = ({ target }: BenchRepository): string => target.relativePath.replace(/\.git$/, "");

/** Thousands read a stream of events, one pushes: how soon the last is told, and what each costs. */
export async function* streamRows(
  server: ServerProcess,
  client: GitClient,
  repository: BenchRepository,
): AsyncGenerator<Row> {
  const query = `repo=${nameOf(repository)}`;
  // What the first stream makes the server load does not belong to the others.
  (await subscribe(server.http, query)).socket.destroy();
  const before = residentBytes(server.pid);
  const subscribers: Awaited<ReturnType<typeof subscribe>>[] = [];
  while (subscribers.length < SUBSCRIBERS) {
    const more = Array.from({ length: OPENING_AT_ONCE }, () => subscribe(server.http, query));
    subscribers.push(...(await Promise.all(more)));
  }
  const each = (residentBytes(server.pid) - before) / SUBSCRIBERS;
  const { http } = addressesOf(server, repository.gitDir, repository.target.relativePath);
  await client.git(["push", "-q", http, "main:refs/heads/streamed"], repository.gitDir);
  const pushedAtMs = performance.now();
  const told = await Promise.all(subscribers.map(({ toldAtMs }) => toldAtMs));
  // From the moment at which git has its answer; who was told before that was told in no time.
  const last = Math.max(0, ...told.map((atMs) => atMs - pushedAtMs));
  const spread = Math.max(...told) - Math.min(...told);
  yield within(`${SUBSCRIBERS} event streams, one push: from the first told to the last`, spread, 250, ms);
  yield within(`${SUBSCRIBERS} event streams, one push: the last told, after the push has ended`, last, 250, ms);
  yield within(`${SUBSCRIBERS} event streams: memory of each`, each, 20 * 1024, kib);
  for (const { socket } of subscribers) socket.destroy();
}

/** What a log or a blame is told first, from the moment at which the client asks for a socket. */
export async function* firstResultRows(
  server: ServerProcess,
  repository: BenchRepository,
  rounds: number,
): AsyncGenerator<Row> {
  const { gitDir } = repository;
  const base = `${server.http.replace(/^http/, "ws")}/v1/repos/${encodeURIComponent(nameOf(repository))}`;
  const file = git(gitDir, "ls-tree", "-r", "--name-only", "main").split("\n")[0] ?? "";
  const path = encodeURIComponent(file);
  const rows = [
    ["first result of a live log", `${base}/log/live?rev=main`, ["log", "-1", "main"]],
    [
      "first result of a live log of one path",
      `${base}/log/live?rev=main&path=${path}`,
      ["log", "-1", "main", "--", file],
    ],
    ["first result of a live blame", `${base}/blame/live?rev=main&path=${path}`, ["blame", "main", "--", file]],
  ] as const;
  for (const [row, address, reference] of rows) {
    await firstResult(address);
    const [live, process_] = await inTurn(
      rounds,
      () => firstResult(address),
      () => git(gitDir, ...reference),
    );
    // A log of one path is a process of git's too.
    yield atMost(row, live.p50, process_.p50, row === rows[1][0] ? 2 : 1, ms);
    if (row === rows[0][0]) yield within(`${row}, p99`, live.p99, 50, ms);
  }
}

function git(gitDir: string, ...args: readonly string[]): string {
  const { stdout, exitCode } = Bun.spawnSync(["git", "-C", gitDir, ...args]);
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")} failed`);
  return stdout.toString();
}

function firstResult(address: string): Promise<void> {
  const socket = new WebSocket(address);
  return new Promise((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error("no socket")));
    socket.addEventListener("message", ({ data }) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === "error") reject(new Error(String(data)));
      if (type !== "commits" && type !== "lines") return;
      socket.close();
      resolve();
    });
  });
}

/** A reader over a socket of its own: clients of HTTP keep a lid on how many they open. */
function subscribe(http: string, query: string): Promise<{ socket: Socket; toldAtMs: Promise<number> }> {
  const { hostname, port, host } = new URL(http);
  const socket = connect(Number(port), hostname);
  const told = Promise.withResolvers<number>();
  const begun = Promise.withResolvers<{ socket: Socket; toldAtMs: Promise<number> }>();
  let text = "";
  socket.on("error", begun.reject);
  socket.on("data", (chunk) => {
    text += chunk.toString();
    if (text.includes("events_begin")) begun.resolve({ socket, toldAtMs: told.promise });
    if (/"ref":"refs\/heads\/streamed","old":/.test(text)) told.resolve(performance.now());
  });
  socket.write(`GET /graphql/subscribe?${query} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n\r\n`);
  return begun.promise;
}
