import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Answer, GrpcCall } from "./handler.ts";
import { type MessageEncoding, MessageReader } from "./message-reader.ts";
import { RequestStream } from "./request-stream.ts";
import { ResponseWriter } from "./response-writer.ts";
import type { BoundMethod } from "./service.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";
import { errorTrailers, okTrailers } from "./status-trailers.ts";

/** Requests of a stream that wait for their handler; beyond that the client is not read from. */
const QUEUED_REQUEST_BYTES_MAX = 256 * 1024;

/** The longest delay that a timer takes, 2^31 - 1 ms; later deadlines do not fire. */
const TIMER_MAX_MS = 2_147_483_647;

/** Hears how the calls of one method go. */
export interface MethodObserver {
  started(): void;
  /** Called once for each started call. */
  handled(code: StatusCode, elapsedMs: number): void;
}

/** What a call needs from its server. */
export interface CallServices {
  readonly messageBytesMax: number;
  readonly newRequestId: () => string;
  /** Translates what a handler threw, unless it is a GrpcStatusError already or the call is over. */
  readonly toStatus: (error: unknown, call: GrpcCall) => GrpcStatusError;
  /** The call's stream has gone. */
  readonly closed: (call: ServerCall) => void;
}

/** How the head of a request, once understood, describes its call. */
export interface CallHead {
  readonly headers: IncomingHttpHeaders;
  readonly peer: string;
  readonly encoding: MessageEncoding;
  readonly timeoutMs: number | undefined;
}

/** One call from its first frame to its last: reads requests, runs the handler, writes answers and status. */
export class ServerCall implements GrpcCall {
  readonly path: string;
  readonly peer: string;
  readonly deadlineAtMs: number | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #method: BoundMethod;
  readonly #services: CallServices;
  readonly #observer: MethodObserver;
  readonly #startedAtMs = performance.now();
  readonly #reader: MessageReader;
  readonly #writer: ResponseWriter;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #requestId: string | undefined;
  #abort: AbortController | undefined;
  #requests: RequestStream<Message> | undefined;
  #answers: AsyncIterator<Answer<DescMessage>> | undefined;
  /** Why the call ended before its handler did. */
  #endedBy: GrpcStatusError | undefined;
  #requestEnded = false;
  #over = false;

  constructor(
    stream: ServerHttp2Stream,
    head: CallHead,
    method: BoundMethod,
    services: CallServices,
    observer: MethodObserver,
  ) {
    this.path = method.path;
    this.peer = head.peer;
    this.#stream = stream;
    this.#headers = head.headers;
    this.#method = method;
    this.#services = services;
    this.#observer = observer;
    this.#reader = new MessageReader(head.encoding, services.messageBytesMax);
    this.#writer = new ResponseWriter(stream);
    if (head.timeoutMs !== undefined) {
      this.deadlineAtMs = Date.now() + head.timeoutMs;
      if (head.timeoutMs <= TIMER_MAX_MS) {
        this.#timer = setTimeout(() => this.#end(deadlineExceeded()), Math.ceil(head.timeoutMs));
      }
    }
  }

  get requestId(): string {
    this.#requestId ??= this.#services.newRequestId();
    return this.#requestId;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#endedBy !== undefined) this.#abort.abort(this.#endedBy);
    }
    return this.#abort.signal;
  }

  metadata(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /** Starts reading; the handler runs when its request is complete, that of a request stream at once. */
  start(): void {
    this.#observer.started();
    const stream = this.#stream;
    stream.on("close", () => this.#closed());
    // What went wrong on the stream is told by its close; without a listener it would be thrown.
    stream.on("error", ignore);
    const { bound } = this.#method;
    if (bound.kind === "client_streaming" || bound.kind === "bidi_streaming") {
      const requests = new RequestStream<Message>((queuedBytes) => {
        if (queuedBytes === 0 && stream.isPaused()) stream.resume();
      });
      this.#requests = requests;
      this.#listen();
      if (bound.kind === "client_streaming") this.#answer(() => bound.handle(requests, this));
      else void this.#pump(() => bound.handle(requests, this));
      return;
    }
    this.#listen();
  }

  /** Refuses the call before its handler has seen it. */
  refuse(error: GrpcStatusError): void {
    this.#observer.started();
    this.#stream.on("error", ignore);
    this.#fail(error);
  }

  /** Ends a running call from the server's side. */
  cancel(error: GrpcStatusError): void {
    this.#end(error);
  }

  #listen(): void {
    this.#stream.on("data", (chunk: Buffer) => {
      if (this.#over) return;
      this.#reader.push(chunk);
      if (this.#requests !== undefined) this.#readRequests(this.#requests);
    });
    // Some clients end their request before they reset it. The reset mostly follows in the same packet: a stream of requests
    // that was given up shall not look complete.
    const { kind } = this.#method.bound;
    const single = kind === "unary" || kind === "server_streaming";
    this.#stream.on("end", () => (single ? this.#halfClosed() : setImmediate(() => this.#halfClosed())));
  }

  /** The client has sent all it had to send. */
  #halfClosed(): void {
    this.#requestEnded = true;
    if (this.#over) return;
    const requests = this.#requests;
    if (requests !== undefined) {
      if (this.#reader.hasRest) requests.fail(truncated());
      else requests.end();
      return;
    }
    const { bound } = this.#method;
    const request = this.#readSingle();
    if (request === undefined) return;
    if (bound.kind === "unary") this.#answer(() => bound.handle(request, this));
    else if (bound.kind === "server_streaming") void this.#pump(() => bound.handle(request, this));
  }

  #readSingle(): Message | undefined {
    try {
      const bytes = this.#reader.next();
      if (bytes === undefined || this.#reader.hasRest) {
        throw new GrpcStatusError(StatusCode.INTERNAL, "grpc: a call of this method takes exactly one message");
      }
      return this.#decode(bytes);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #readRequests(requests: RequestStream<Message>): void {
    try {
      for (let bytes = this.#reader.next(); bytes !== undefined; bytes = this.#reader.next()) {
        const queued = requests.push(this.#decode(bytes), bytes.byteLength);
        if (queued > QUEUED_REQUEST_BYTES_MAX) this.#stream.pause();
      }
    } catch (error) {
      const status = error instanceof GrpcStatusError ? error : this.#services.toStatus(error, this);
      this.#end(status);
    }
  }

  #decode(bytes: Uint8Array): Message {
    try {
      return this.#method.decode(bytes);
    } catch (cause) {
      throw new GrpcStatusError(StatusCode.INTERNAL, "grpc: failed to unmarshal the received message", { cause });
    }
  }

  #answer(handle: () => Promise<Answer<DescMessage>>): void {
    // A handler may throw before it gives its promise.
    Promise.try(handle).then(
      (answer) => {
        if (this.#over) return;
        try {
          this.#finish(StatusCode.OK, this.#method.encode(answer));
        } catch (error) {
          this.#fail(error);
        }
      },
      (error: unknown) => this.#fail(error),
    );
  }

  async #pump(handle: () => AsyncIterable<Answer<DescMessage>>): Promise<void> {
    try {
      const answers = handle()[Symbol.asyncIterator]();
      this.#answers = answers;
      for (;;) {
        const next = await answers.next();
        if (this.#over) return;
        if (next.done === true) break;
        if (this.#writer.write(this.#method.encode(next.value))) continue;
        await this.#writer.drained();
        if (this.#over) return;
      }
      this.#answers = undefined;
      this.#finish(StatusCode.OK);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The handler failed, or the request never reached it. */
  #fail(error: unknown): void {
    if (this.#over) return;
    const status = error instanceof GrpcStatusError ? error : this.#services.toStatus(error, this);
    this.#finish(status.code, undefined, status);
  }

  /** The call is over whatever its handler is doing: tells it, and answers without waiting for it. */
  #end(error: GrpcStatusError): void {
    if (this.#over) return;
    this.#endedBy = error;
    this.#finish(error.code, undefined, error);
    this.#stopHandler(error);
  }

  /** The stream has gone: after the end of the call nothing is left to do, else the client has given up. */
  #closed(): void {
    this.#services.closed(this);
    if (this.#over) return;
    const error = new GrpcStatusError(StatusCode.CANCELLED, "canceled by the client");
    this.#endedBy = error;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#writer.abandon();
    this.#observer.handled(error.code, performance.now() - this.#startedAtMs);
    this.#stopHandler(error);
  }

  #stopHandler(error: GrpcStatusError): void {
    this.#abort?.abort(error);
    this.#requests?.fail(error);
    // A generator that is busy returns once it gets to its next yield.
    const returned = this.#answers?.return?.();
    returned?.catch(ignore);
    this.#writer.release();
  }

  #finish(code: StatusCode, last?: Uint8Array, error?: GrpcStatusError): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#writer.end(error === undefined ? okTrailers() : errorTrailers(error), last);
    this.#observer.handled(code, performance.now() - this.#startedAtMs);
    if (!this.#requestEnded) this.#refuseRest();
  }

  /** The status is on its way and the client is still sending: asks it to stop (RFC 9113, 8.1). */
  #refuseRest(): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    stream.resume();
    stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
  }
}

function ignore(): void {}

function deadlineExceeded(): GrpcStatusError {
  return new GrpcStatusError(StatusCode.DEADLINE_EXCEEDED, "context deadline exceeded");
}

function truncated(): GrpcStatusError {
  return new GrpcStatusError(StatusCode.INTERNAL, "grpc: the request ends within a message");
}
