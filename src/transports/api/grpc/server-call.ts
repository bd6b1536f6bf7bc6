import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Message } from "@bufbuild/protobuf";
import type { GrpcCall } from "./handler.ts";
import type { BoundMethod } from "./service.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";

/** The longest delay that a timer takes, 2^31 - 1 ms; later deadlines do not fire. */
const TIMER_MAX_MS = 2_147_483_647;

/** Hears how the calls of one method go. */
export interface MethodObserver {
  started(): void;
  /** Called once for each started call. */
  handled(code: StatusCode, elapsedMs: number): void;
}

/** A method as the server knows it. */
export interface Route {
  readonly method: BoundMethod;
  readonly observer: MethodObserver;
}

/** The HTTP request behind a call. */
export interface CallOrigin {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** Address of the client. */
  readonly peer: string;
  readonly timeoutMs: number | undefined;
}

/** How much a server says in answer to one request. */
export interface AnswerLimit {
  readonly bytesMax: number;
  /** What ends an answer that would be longer. */
  readonly error: () => GrpcStatusError;
}

/** What calls need from their server. */
export interface CallServices {
  readonly messageBytesMax: number;
  readonly answerLimit: AnswerLimit | undefined;
  /** A large message of which nothing comes for so long is given up: others wait for its memory. */
  readonly stallTimeoutMs: number;
  readonly newRequestId: () => string;
  /** Translates what a handler threw, unless it is a GrpcStatusError already or the call is over. */
  readonly toStatus: (error: unknown, call: GrpcCall) => GrpcStatusError;
  /** The calls whose streams are open. */
  readonly open: Set<ServerCall>;
}

/**
 * One call from its first frame to its last. What unary calls and streams have in common: the call as its handler sees it, and
 * the ways in which it ends. Whoever ends it first sets `over`; all that comes later is ignored.
 */
export abstract class ServerCall implements GrpcCall {
  readonly peer: string;
  readonly deadlineAtMs: number | undefined;
  protected readonly stream: ServerHttp2Stream;
  protected readonly route: Route;
  protected readonly services: CallServices;
  protected over = false;
  /** What the handler says behind its answer. */
  protected trailers: Record<string, string> | undefined;
  readonly #headers: IncomingHttpHeaders;
  readonly #startedAtMs = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #requestId: string | undefined;
  #abort: AbortController | undefined;
  /** Why the call ended before its handler did. */
  #endedBy: GrpcStatusError | undefined;

  constructor({ stream, headers, peer, timeoutMs }: CallOrigin, route: Route, services: CallServices) {
    this.peer = peer;
    this.stream = stream;
    this.route = route;
    this.services = services;
    this.#headers = headers;
    if (timeoutMs !== undefined) this.deadlineAtMs = Date.now() + timeoutMs;
    if (timeoutMs !== undefined && timeoutMs <= TIMER_MAX_MS) {
      this.#timer = setTimeout(() => this.end(deadlineExceeded()), Math.ceil(timeoutMs));
    }
    route.observer.started();
    services.open.add(this);
    stream.on("close", () => this.#closed());
    // What went wrong on a stream is told by its close; without a listener it would be thrown.
    stream.on("error", ignore);
  }

  /** Starts to read the request. */
  abstract start(): void;

  /** Sends a status without an answer. */
  protected abstract sendFailure(error: GrpcStatusError): void;

  /** Makes the handler, if it runs, stop. */
  protected abstract stopHandler(error: GrpcStatusError): void;

  get path(): string {
    return this.route.method.path;
  }

  get requestId(): string {
    this.#requestId ??= this.services.newRequestId();
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

  setTrailer(name: string, value: string): void {
    this.trailers = { ...this.trailers, [name]: value };
  }

  /** Largest request message. */
  protected get messageBytesMax(): number {
    return this.route.method.messageBytesMax ?? this.services.messageBytesMax;
  }

  /** Ends the call whatever its handler is doing: answers without waiting for it, and tells it to stop. */
  end(error: GrpcStatusError): void {
    if (this.over) return;
    this.#endedBy = error;
    this.fail(error);
    this.#abort?.abort(error);
    this.stopHandler(error);
  }

  /** The request cannot be handled, or its handler has failed. */
  protected fail(error: unknown): void {
    if (this.over) return;
    const status = this.statusOf(error);
    this.finish(status.code);
    this.sendFailure(status);
  }

  /** What an error is to the client, in the words of the method's door. */
  protected statusOf(error: unknown): GrpcStatusError {
    if (error instanceof GrpcStatusError) return error;
    return (this.route.method.toStatus ?? this.services.toStatus)(error, this);
  }

  /** Marks the call as answered. */
  protected finish(code: StatusCode): void {
    this.over = true;
    clearTimeout(this.#timer);
    this.route.observer.handled(code, performance.now() - this.#startedAtMs);
  }

  protected decode(bytes: Uint8Array): Message {
    try {
      return this.route.method.decode(bytes);
    } catch (cause) {
      if (this.route.method.toStatus !== undefined) throw cause;
      throw new GrpcStatusError(StatusCode.INTERNAL, "grpc: failed to unmarshal the received message", { cause });
    }
  }

  /** The stream has gone: after the end of the call nothing is left to do, else the client has given up. */
  #closed(): void {
    this.services.open.delete(this);
    if (this.over) return;
    const error = new GrpcStatusError(StatusCode.CANCELLED, "context canceled");
    this.#endedBy = error;
    this.finish(error.code);
    this.#abort?.abort(error);
    this.stopHandler(error);
  }
}

export function ignore(): void {}

function deadlineExceeded(): GrpcStatusError {
  return new GrpcStatusError(StatusCode.DEADLINE_EXCEEDED, "context deadline exceeded");
}
