import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { OperationError } from "../../domain/errors.ts";
import { LongWait } from "../../domain/long-wait.ts";
import { OID_HEX_LENGTH } from "../../domain/oid.ts";
import type { QuarantinedView, ReceiveOptions } from "../backend.ts";
import type { GitChild } from "./git-child.ts";
import { packInvalid, packProblem } from "./pack-problems.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";
import { withShallowFile } from "./shallow-file.ts";

/**
 * Packs with fewer objects are unpacked, so that packs do not pile up (git-config(1), `transfer.unpackLimit`). Git's own limit is
 * 100, but then each object is a file to be flushed.
 */
const UNPACK_OBJECTS_MAX = 32;
/** Twice what the largest known repositories have; git's tables of a pack take about 100 bytes for each object. */
const PACK_OBJECTS_MAX = 20_000_000;
const HEADER_BYTES = 12;
/** The largest object that git may hold as a whole; larger blobs it reads piece by piece, and larger deltas it never makes. */
const OBJECT_BYTES_MAX = 640 * 1024 * 1024;
const TABLE_BYTES_PER_OBJECT = 128;
/**
 * How long git may work on a pack while we wait for it: a few kilobytes can be made to unfold into terabytes. Time in which the
 * client is waited for does not count.
 */
const WORK_MS = 30_000;
const WORK_MS_PER_MEGABYTE = 1000;
/** Each thread may hold an object and its base in memory. */
const THREADS = Math.min(4, availableParallelism());
const MEGABYTE = 1024 * 1024;

/** What fsck reports as errors although old, common tools have made such objects. */
const LEGACY_FAULTS = ["badTimezone", "missingSpaceBeforeDate", "zeroPaddedFilemode"];

/**
 * Takes a pack in, as receive-pack does: small ones through `unpack-objects`, others through `index-pack`; both check the objects.
 * Stops at the end of the pack, or of the stream.
 */
export async function receiveObjects(
  runner: GitRunner,
  view: QuarantinedView,
  pack: AsyncIterable<Uint8Array>,
  options: ReceiveOptions,
): Promise<void> {
  const source = new PackSource(pack, options.bytesMax);
  const head = await source.atLeast(HEADER_BYTES);
  const objects = objectCount(head);
  if (objects === 0) return await checkEmptyPack(view, source, head);
  const small = objects < UNPACK_OBJECTS_MAX;
  const strict = options.refuseLegacyFaults
    ? "--strict"
    : `--strict=${LEGACY_FAULTS.map((fault) => `${fault}=ignore`).join(",")}`;
  const flags = small
    ? [strict]
    : [strict, `--threads=${THREADS}`, ...(options.onProgress === undefined ? [] : ["-v"])];
  const receive = (work: (env: Readonly<Record<string, string>>) => Promise<void>) =>
    runner.packsReceived.during(view.signal, () => withShallowFile(view, options.shallow ?? [], work));
  await receive(async (env) => {
    const started = await runner.start(
      view,
      {
        command: small ? "unpackObjects" : "indexPack",
        flags,
        env: {
          ...env,
          GIT_ALLOC_LIMIT: String(Math.max(OBJECT_BYTES_MAX, objects * TABLE_BYTES_PER_OBJECT)),
        },
      },
      { stdin: true },
    );
    const budget = new WorkBudget(runner.monotonicMs, started.child, source);
    try {
      if (options.onProgress !== undefined) started.child.onStderr(options.onProgress);
      started.child.stdout.resume();
      await feed(started.child, head, source, budget);
      await budget.spend(started.child.ended);
      await started.finish();
    } catch (error) {
      if (budget.exceeded) throw packInvalid("it takes too long to unfold", error);
      throw packProblem(stderrOf(error), error) ?? error;
    } finally {
      await started.dispose();
    }
  });
}

/** How many objects a pack says it has (gitformat-pack(5)); throws `pack_invalid` with receive-pack's words. */
function objectCount(head: Buffer): number {
  if (head.length < HEADER_BYTES) throw packInvalid("eof before pack header was fully read");
  if (head.toString("latin1", 0, 4) !== "PACK") {
    throw packInvalid("protocol error (pack signature mismatch detected)");
  }
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw packInvalid("protocol error (pack version unsupported)");
  const objects = head.readUInt32BE(8);
  if (objects > PACK_OBJECTS_MAX) {
    throw new OperationError("too_large", {
      what: "number of objects in the pack",
      sizeBytes: objects,
      limitBytes: PACK_OBJECTS_MAX,
    });
  }
  return objects;
}

/** A push that brings nothing new has a pack without objects: a header and its checksum. */
async function checkEmptyPack(view: QuarantinedView, source: PackSource, head: Buffer): Promise<void> {
  const length = HEADER_BYTES + OID_HEX_LENGTH[view.objectFormat] / 2;
  const pack = head.length >= length ? head : Buffer.concat([head, await source.atLeast(length - head.length)]);
  if (pack.length < length) throw packInvalid("early EOF");
  const checksum = createHash(view.objectFormat).update(pack.subarray(0, HEADER_BYTES)).digest();
  if (Buffer.compare(checksum, pack.subarray(HEADER_BYTES, length)) !== 0) {
    throw packInvalid("pack is corrupted (checksum mismatch)");
  }
}

/** Gives the child the pack, until it has read it or gives up. A stream that ends early is told to the child as such. */
async function feed(child: GitChild, head: Buffer, source: PackSource, budget: WorkBudget): Promise<void> {
  let gone = false;
  const ended = new LongWait(
    child.ended.then(() => {
      gone = true;
      return undefined;
    }),
  );
  let chunk: Uint8Array | undefined = head;
  while (chunk !== undefined && !gone) {
    if (!child.stdin.write(chunk)) {
      await budget.spend(ended.race(new Promise<void>((resolve) => child.stdin.once("drain", resolve))));
    }
    // A client that waits for an answer keeps its stream open: the child knows where the pack ends.
    chunk = await ended.race(source.next());
  }
  child.stdin.end();
}

/** Ends the child when it has worked for too long, compared to what the client has sent. */
class WorkBudget {
  readonly #monotonicMs: () => number;
  readonly #child: GitChild;
  readonly #source: PackSource;
  #spentMs = 0;
  exceeded = false;

  constructor(monotonicMs: () => number, child: GitChild, source: PackSource) {
    this.#monotonicMs = monotonicMs;
    this.#child = child;
    this.#source = source;
  }

  /** Waits for the child's work. */
  async spend(work: Promise<unknown>): Promise<void> {
    const allowedMs = WORK_MS + (this.#source.bytes / MEGABYTE) * WORK_MS_PER_MEGABYTE;
    const startedAtMs = this.#monotonicMs();
    const timer = setTimeout(() => {
      this.exceeded = true;
      this.#child.stop();
    }, allowedMs - this.#spentMs);
    await work;
    clearTimeout(timer);
    this.#spentMs += this.#monotonicMs() - startedAtMs;
  }
}

/** The client's stream with its bytes counted. */
class PackSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #bytesMax: number;
  /** How many have been read. */
  bytes = 0;

  constructor(stream: AsyncIterable<Uint8Array>, bytesMax: number) {
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
  }

  /** The next piece; undefined at the end. Throws `too_large`. */
  async next(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return undefined;
    this.bytes += value.length;
    if (this.bytes > this.#bytesMax) {
      throw new OperationError("too_large", { what: "pack", sizeBytes: this.bytes, limitBytes: this.#bytesMax });
    }
    return value;
  }

  /** So many bytes or more, fewer only at the end. */
  async atLeast(bytes: number): Promise<Buffer> {
    let head = Buffer.alloc(0);
    while (head.length < bytes) {
      const more = await this.next();
      if (more === undefined) break;
      head = Buffer.concat([head, more]);
    }
    return head;
  }
}
