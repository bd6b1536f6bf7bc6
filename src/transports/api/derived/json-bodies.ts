import { OperationError } from "../../../domain/errors.ts";
import { type BodyBudget, type BodyRoom, SMALL_BYTES } from "./body-budget.ts";
import { parseJson } from "./parse-json.ts";

/** Reads the JSON that requests bring, within the memory that all of them share. */
export class JsonBodies {
  /** Largest body of one request. */
  readonly bytesMax: number;
  readonly #budget: BodyBudget;

  constructor(bytesMax: number, budget: BodyBudget) {
    this.bytesMax = bytesMax;
    this.#budget = budget;
  }

  /** Where a request's body is counted; whoever has read it gives that back when the request has been answered. */
  room(): BodyRoom {
    return this.#budget.room();
  }

  /**
   * The JSON of a request's body, with JsonText for what is long in it (`parseJson`); undefined when there is none. Throws
   * `media_type_unsupported`, `too_large`, `limit_exceeded`, `malformed_request` for what is not JSON, and `canceled` where the client goes away
   * in the middle.
   */
  async read(request: Request, room: BodyRoom, signal: AbortSignal): Promise<unknown> {
    const bytes = await this.#bytesOf(request, room, signal).catch(brokenOff);
    if (bytes.length === 0) return undefined;
    const mediaType = request.headers.get("content-type") ?? "";
    if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(mediaType))
      throw new OperationError("media_type_unsupported", { mediaType, expected: "application/json" });
    const { value, longTexts } = parseJson(bytes);
    for (const text of longTexts) await text.prepare();
    return value;
  }

  async #bytesOf(request: Request, room: BodyRoom, signal: AbortSignal): Promise<Uint8Array> {
    const announced = Number(request.headers.get("content-length") ?? Number.NaN);
    // What is small comes whole: a stream would cost more than what it holds.
    if (announced <= Math.min(SMALL_BYTES, this.bytesMax)) return new Uint8Array(await request.arrayBuffer());
    if (request.body === null) return NOTHING;
    if (Number.isNaN(announced)) return await collectUnknown(request.body, this.bytesMax, room);
    return await collect(request.body, announced, this.bytesMax, room, signal);
  }
}

/** Throws `canceled` for what a body ends in whose client goes away in the middle; that is nobody's fault here. */
export function brokenOff(error: unknown): never {
  if (error instanceof DOMException && error.name === "AbortError")
    throw new OperationError("canceled", {}, { cause: error });
  throw error;
}

const NOTHING = new Uint8Array();

async function collect(
  body: ReadableStream<Uint8Array>,
  announced: number,
  bytesMax: number,
  room: BodyRoom,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (announced > bytesMax) throw tooLarge(announced, bytesMax);
  await room.reserve(announced, signal);
  // One piece of memory from the beginning: pieces to be joined would be there twice.
  const bytes = Buffer.allocUnsafeSlow(announced);
  let length = 0;
  for await (const piece of body) {
    bytes.set(piece, length);
    length += piece.length;
  }
  return bytes.subarray(0, length);
}

async function collectUnknown(body: ReadableStream<Uint8Array>, bytesMax: number, room: BodyRoom): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > bytesMax) throw tooLarge(length, bytesMax);
    room.grow(length);
    pieces.push(piece);
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

const tooLarge = (sizeBytes: number, limitBytes: number) =>
  new OperationError("too_large", { what: "body", sizeBytes, limitBytes });
