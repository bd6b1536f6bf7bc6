import type { LoadClient, PreparedCall } from "./load-client.ts";

/** Durations of single calls, milliseconds. */
export class Latencies {
  readonly #samplesMs: number[] = [];

  add(elapsedMs: number): void {
    this.#samplesMs.push(elapsedMs);
  }

  /** The value that the given share of the samples does not exceed, milliseconds. */
  quantile(share: number): number {
    const sorted = this.#samplesMs.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  }

  get p50(): number {
    return this.quantile(0.5);
  }

  get p99(): number {
    return this.quantile(0.99);
  }
}

/** Times a piece of work, milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

/** Runs two pieces of work in turn, a block of each, so that a slow moment of the machine hits both. */
export async function inTurn(
  rounds: number,
  first: (round: number) => unknown,
  second: (round: number) => unknown,
): Promise<[Latencies, Latencies]> {
  const latencies: [Latencies, Latencies] = [new Latencies(), new Latencies()];
  for (let round = 0; round < rounds; round++) {
    latencies[0].add(await timed(() => first(round)));
    latencies[1].add(await timed(() => second(round)));
  }
  return latencies;
}

const BLOCK = 250;

/** Makes the calls one after the other, and as many of the reference in blocks between them. */
export async function oneInFlight(
  client: LoadClient,
  calls: readonly PreparedCall[],
  reference: PreparedCall,
): Promise<{ measured: Latencies; reference: Latencies }> {
  const measured = new Latencies();
  const referenced = new Latencies();
  for (let at = 0; at < calls.length; at += BLOCK) {
    const block = calls.slice(at, at + BLOCK);
    for (const call of block) measured.add(await timed(() => client.call(call)));
    for (let i = 0; i < block.length; i++) referenced.add(await timed(() => client.call(reference)));
  }
  return { measured, reference: referenced };
}

/** Keeps a number of calls in flight until all are done; answers the rate, calls per second. */
export async function rate(client: LoadClient, calls: readonly PreparedCall[], inFlight: number): Promise<number> {
  let next = 0;
  const worker = async () => {
    while (next < calls.length) await client.call(calls[next++]!);
  };
  const elapsedMs = await timed(() => Promise.all(Array.from({ length: inFlight }, worker)));
  return (calls.length / elapsedMs) * 1000;
}

/** Middle of several numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Rates of two loads, each measured several times in turn; the medians. */
export async function ratesInTurn(
  client: LoadClient,
  calls: readonly PreparedCall[],
  reference: readonly PreparedCall[],
  inFlight: number,
  rounds: number,
): Promise<{ measured: number; reference: number }> {
  const measured: number[] = [];
  const referenced: number[] = [];
  const share = Math.ceil(calls.length / rounds);
  for (let round = 0; round < rounds; round++) {
    referenced.push(await rate(client, reference, inFlight));
    measured.push(await rate(client, calls.slice(round * share, (round + 1) * share), inFlight));
  }
  return { measured: median(measured), reference: median(referenced) };
}
