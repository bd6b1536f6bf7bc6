import { OperationError } from "../../domain/errors.ts";
import type { QuarantinedView, ReceiveOptions } from "../backend.ts";
import type { GitChild } from "./git-child.ts";
import { packInvalid, packProblem } from "./pack-problems.ts";
import { type GitRunner, stderrOf } from "./run-git.ts";
import { withShallowFile } from "./shallow-file.ts";

/** Packs with fewer objects are unpacked, as receive-pack does (git-config(1), `transfer.unpackLimit`). */
const UNPACK_OBJECTS_MAX = 100;
/** More than the largest known repositories have; git's tables of a pack take about 100 bytes for each object. */
const PACK_OBJECTS_MAX = 50_000_000;
const HEADER_BYTES = 12;
/** The largest object that git may hold as a whole; larger blobs it reads piece by piece, and larger deltas it never makes. */
const OBJECT_BYTES_MAX = 640 * 1024 * 1024;
const TABLE_BYTES_PER_OBJECT = 128;

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
  const small = objects < UNPACK_OBJECTS_MAX;
  const strict = options.refuseLegacyFaults
    ? "--strict"
    : `--strict=${LEGACY_FAULTS.map((fault) => `${fault}=ignore`).join(",")}`;
  const flags = small ? [strict] : [strict, ...(options.onProgress === undefined ? [] : ["-v"])];
  await withShallowFile(view, options.shallow ?? [], async (env) => {
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
    try {
      if (options.onProgress !== undefined) started.child.onStderr(options.onProgress);
      started.child.stdout.resume();
      await feed(started.child, head, source);
      await started.finish();
    } catch (error) {
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

/** Gives the child the pack, until it has read it or gives up. A stream that ends early is told to the child as such. */
async function feed(child: GitChild, head: Buffer, source: PackSource): Promise<void> {
  let gone = false;
  const ended = child.ended.then(() => {
    gone = true;
    return undefined;
  });
  let chunk: Uint8Array | undefined = head;
  while (chunk !== undefined && !gone) {
    if (!child.stdin.write(chunk)) {
      await Promise.race([new Promise<void>((resolve) => child.stdin.once("drain", resolve)), ended]);
    }
    // A client that waits for an answer keeps its stream open: the child knows where the pack ends.
    chunk = await Promise.race([source.next(), ended]);
  }
  child.stdin.end();
}

/** The client's stream with its bytes counted. */
class PackSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(stream: AsyncIterable<Uint8Array>, bytesMax: number) {
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
  }

  /** The next piece; undefined at the end. Throws `too_large`. */
  async next(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return undefined;
    this.#bytes += value.length;
    if (this.#bytes > this.#bytesMax) {
      throw new OperationError("too_large", { what: "pack", sizeBytes: this.#bytes, limitBytes: this.#bytesMax });
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
