import type { BenchRepository } from "./bench-context.ts";
import { addressesOf, type GitClient } from "./git-client.ts";
import { residentBytes } from "./process-cost.ts";
import type { ServerProcess } from "./server-process.ts";
import { ms, type Row, within } from "./table.ts";

const SUBSCRIBERS = 2_000;
const OPENING_AT_ONCE = 50;
const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

/** One subscriber: when it was told of the branch, by the clock that all share. */
interface Subscriber {
  readonly socket: WebSocket;
  readonly toldAtMs: Promise<number>;
}

/** Thousands listen on one repository, one pushes: how soon the last is told, and what each costs. */
export async function* subscriberRows(
  server: ServerProcess,
  client: GitClient,
  repository: BenchRepository,
): AsyncGenerator<Row> {
  const name = repository.target.relativePath.replace(/\.git$/, "");
  const address = `${server.http.replace(/^http/, "ws")}/ws`;
  // What the first socket makes the server load does not belong to the others.
  (await subscribe(address, name)).socket.close();
  const before = residentBytes(server.pid);
  const subscribers: Subscriber[] = [];
  while (subscribers.length < SUBSCRIBERS) {
    const more = Array.from({ length: OPENING_AT_ONCE }, () => subscribe(address, name));
    subscribers.push(...(await Promise.all(more)));
  }
  const each = (residentBytes(server.pid) - before) / SUBSCRIBERS;
  const { http } = addressesOf(server, repository.gitDir, repository.target.relativePath);
  await client.git(["push", "-q", http, "main:refs/heads/told"], repository.gitDir);
  const pushedAtMs = performance.now();
  const told = await Promise.all(subscribers.map(({ toldAtMs }) => toldAtMs));
  // From the moment at which git has its answer; who was told before that was told in no time.
  const last = Math.max(0, ...told.map((atMs) => atMs - pushedAtMs));
  const first = Math.min(...told);
  yield within(
    `${SUBSCRIBERS} subscribers, one push: from the first told to the last`,
    Math.max(...told) - first,
    250,
    ms,
  );
  yield within(`${SUBSCRIBERS} subscribers, one push: the last told, after the push has ended`, last, 250, ms);
  yield within(`${SUBSCRIBERS} subscribers: memory of each`, each, 20 * 1024, kib);
  for (const { socket } of subscribers) socket.close();
}

function subscribe(address: string, name: string): Promise<Subscriber> {
  const socket = new WebSocket(address);
  const told = Promise.withResolvers<number>();
  const subscribed = Promise.withResolvers<Subscriber>();
  socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "subscribe", channel: `repo:${name}` })));
  socket.addEventListener("error", () => subscribed.reject(new Error("no socket")));
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as { type: string; event?: string; data?: { ref?: string } };
    if (message.type === "subscribed") subscribed.resolve({ socket, toldAtMs: told.promise });
    else if (message.type === "error") subscribed.reject(new Error(String(data)));
    else if (message.event === "ref_updated" && message.data?.ref === "refs/heads/told")
      told.resolve(performance.now());
  });
  return subscribed.promise;
}
