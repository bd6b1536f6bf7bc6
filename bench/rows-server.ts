import type { BenchRepository } from "./bench-context.ts";
import { calls } from "./calls.ts";
import { LoadClient, type PreparedCall } from "./load-client.ts";
import { median, rate } from "./measure.ts";
import { preparePointReads } from "./point-reads.ts";
import type { ServerProcess } from "./server-process.ts";
import { atLeast, mib, perSecond, type Row, within } from "./table.ts";

const MIB = 1024 * 1024;
const SAMPLE_MS = 20;

/** Memory of a fresh server: idle, after many reads, and while large answers are on their way. */
export async function* memoryRows(server: ServerProcess, main: BenchRepository, reads: number): AsyncGenerator<Row> {
  const client = new LoadClient(server.grpc, 4);
  await client.call(calls.check());
  const idle = server.residentBytes();
  yield within("memory, idle", idle, 120 * MIB, mib);
  const { treeEntry, findCommit, getBlob } = preparePointReads(main.gitDir, main.target, 20_000);
  const different = [...treeEntry, ...findCommit, ...getBlob];
  await rate(
    client,
    Array.from({ length: reads }, (_, n) => different[n % different.length]!),
    16,
  );
  const after = server.residentBytes();
  yield within(`memory, after ${reads.toLocaleString("en-US")} reads`, after, idle * 1.2, mib);
  const peak = await peakDuring(server, () =>
    rate(
      client,
      Array.from({ length: 64 }, () => calls.listTree(main.target, "HEAD")),
      16,
    ),
  );
  yield within("memory, during 16 concurrent recursive listings", peak, idle + 64 * MIB, mib);
  client.close();
}

async function peakDuring(server: ServerProcess, work: () => Promise<unknown>): Promise<number> {
  let peak = server.residentBytes();
  const timer = setInterval(() => (peak = Math.max(peak, server.residentBytes())), SAMPLE_MS);
  await work();
  clearInterval(timer);
  return peak;
}

/** Rates of one load on two servers, in turn: one without the canary, one with a percent of the reads compared. */
export async function* canaryRow(
  off: ServerProcess,
  on: ServerProcess,
  main: BenchRepository,
  count: number,
): AsyncGenerator<Row> {
  const reads = preparePointReads(main.gitDir, main.target, count);
  const load: PreparedCall[] = [...reads.treeEntry, ...reads.findCommit, ...reads.getBlob];
  const clients = [new LoadClient(off.grpc, 4), new LoadClient(on.grpc, 4)] as const;
  const rates: [number[], number[]] = [[], []];
  for (const client of clients) await rate(client, load, 16);
  for (let round = 0; round < 5; round++) {
    for (const [which, client] of clients.entries()) rates[which as 0 | 1].push(await rate(client, load, 16));
  }
  for (const client of clients) client.close();
  yield atLeast("canary at 1 %", median(rates[1]), median(rates[0]), 0.95, perSecond);
}
