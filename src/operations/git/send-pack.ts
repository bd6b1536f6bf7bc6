import type { PackRequest } from "../../backend/backend.ts";
import type { OpenRepository } from "../../contract/context.ts";
import { FLUSH } from "../../wire/pkt-line.ts";
import { sealSidebandPackets, SIDEBAND_64K_DATA_MAX, SIDEBAND_ROOM, sidebandPackets } from "../../wire/sideband.ts";

/** After so long without a word, an empty packet says that work goes on: git's own interval, below what proxies wait for. */
const KEEPALIVE_MS = 5000;
const KEEPALIVE = Buffer.from("0005\x01", "latin1");

export interface PackDelivery {
  /** The most data in one packet; 0 for a client without side bands, which gets the bare pack. */
  readonly sideband: number;
  readonly progress: boolean;
}

/** Thrown after the client has been told in band 3 that the pack does not come. */
export class PackFailure extends Error {
  constructor(cause: unknown) {
    super("the pack broke off", { cause });
  }
}

/** Makes a pack and frames it as it comes. What it yields is good until the next is asked for. */
export async function* sendPack(
  { git, view }: OpenRepository,
  request: PackRequest,
  { sideband, progress }: PackDelivery,
): AsyncGenerator<Uint8Array> {
  const sealed = sideband === SIDEBAND_64K_DATA_MAX;
  const asked = sealed ? { ...request, room: SIDEBAND_ROOM, lent: true } : request;
  const outputs = git.pack.create(view, asked)[Symbol.asyncIterator]();
  // Without side bands nothing can be said about a failure, so the last piece waits until all is well: a pack that lacks its end
  // is noticed by everyone.
  let kept: Uint8Array | undefined;
  try {
    for (;;) {
      const output = yield* alive(outputs, sideband > 0);
      if (output.done === true) break;
      const { kind, bytes } = output.value;
      if (kind === "progress") {
        if (progress && sideband > 0 && bytes.length > 0) yield sidebandPackets(2, bytes, sideband);
      } else if (sealed) {
        const packets = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        sealSidebandPackets(1, packets);
        yield packets;
      } else if (sideband > 0) yield sidebandPackets(1, bytes, sideband);
      else {
        if (kept !== undefined) yield kept;
        kept = bytes;
      }
    }
  } catch (error) {
    if (sideband > 0 && !(view.signal?.aborted ?? false)) yield sidebandPackets(3, FAILURE, sideband);
    throw new PackFailure(error);
  } finally {
    await outputs.return?.();
  }
  if (kept !== undefined) yield kept;
  if (sideband > 0) yield FLUSH;
}

const FAILURE = Buffer.from("aborting due to possible repository corruption on the remote side.\n");

/** The next output; while it is awaited, packets that keep the connection alive. */
async function* alive<T>(outputs: AsyncIterator<T>, speaks: boolean): AsyncGenerator<Uint8Array, IteratorResult<T>> {
  const next = outputs.next();
  if (!speaks) return await next;
  // Whoever stops listening meanwhile does not wait for it.
  next.catch(() => {});
  for (;;) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, KEEPALIVE_MS, undefined);
    });
    const result = await Promise.race([next, silence]).finally(() => clearTimeout(timer));
    if (result !== undefined) return result;
    yield KEEPALIVE;
  }
}
