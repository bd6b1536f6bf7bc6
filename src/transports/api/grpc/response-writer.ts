import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { GrpcStatusError } from "./status-error.ts";
import { errorTrailers, okTrailers, type Trailers } from "./status-trailers.ts";

/** Small messages are gathered up to this size, so that each does not become a write, a frame and a packet of its own. */
const GATHERED_BYTES_MAX = 32 * 1024;

const RESPONSE_HEADERS: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc" };

/** Sends the only message of a call that has succeeded. */
export function sendAnswer(stream: ServerHttp2Stream, frame: Uint8Array, more?: Trailers): void {
  if (stream.destroyed || stream.closed) return;
  stream.on("wantTrailers", () => stream.sendTrailers(okTrailers(more)));
  stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  stream.end(frame);
}

/** Sends the status of a call that has failed before its first answer: headers and trailers are one then. */
export function sendStatus(
  stream: ServerHttp2Stream,
  error: GrpcStatusError,
  requestId: string,
  more?: Trailers,
): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ...RESPONSE_HEADERS, ...errorTrailers(error, requestId, more) }, { endStream: true });
}

/** The status is on its way and the client is still sending: asks it to stop (RFC 9113, 8.1). */
export function refuseRest(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  stream.resume();
  stream.on("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
}

/** Writes the answers and the status of a call. Nothing is written after the end, nor to a stream that has gone. */
export class ResponseWriter {
  readonly #stream: ServerHttp2Stream;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #flushScheduled = false;
  #responded = false;
  #ended = false;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  /** Takes a frame. False: wait for `drained()` before the next. */
  write(frame: Uint8Array): boolean {
    this.#gathered.push(frame);
    this.#gatheredBytes += frame.byteLength;
    if (this.#gatheredBytes >= GATHERED_BYTES_MAX) return this.#flush();
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      // Ticks run once no promise is left to settle: all messages that are at hand go out together.
      process.nextTick(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
    return !this.#stream.writableNeedDrain;
  }

  /** Resolves when the stream takes more, or never will. */
  drained(): Promise<void> {
    if (this.#ended || this.#stream.destroyed) return Promise.resolve();
    if (this.#drained === undefined) {
      this.#drained = Promise.withResolvers();
      this.#stream.once("drain", () => this.release());
    }
    return this.#drained.promise;
  }

  /** Lets who waits for `drained()` go on. */
  release(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** Sends what is left, an optional last frame, and the trailers. */
  end(trailers: OutgoingHttpHeaders, last?: Uint8Array): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#stream.destroyed || this.#stream.closed) return;
    if (last !== undefined) {
      this.#gathered.push(last);
      this.#gatheredBytes += last.byteLength;
    }
    if (!this.#responded && this.#gatheredBytes === 0) {
      this.#stream.respond({ ...RESPONSE_HEADERS, ...trailers }, { endStream: true });
      return;
    }
    this.#stream.on("wantTrailers", () => this.#stream.sendTrailers(trailers));
    this.#respond();
    this.#stream.end(this.#take());
  }

  #flush(): boolean {
    if (this.#ended || this.#gatheredBytes === 0 || this.#stream.destroyed || this.#stream.closed) return true;
    this.#respond();
    return this.#stream.write(this.#take());
  }

  #respond(): void {
    if (this.#responded) return;
    this.#responded = true;
    this.#stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  }

  #take(): Uint8Array {
    const [first] = this.#gathered;
    const taken = this.#gathered.length === 1 && first !== undefined ? first : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    return taken;
  }
}
