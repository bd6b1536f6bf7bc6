import { randomUUID } from "node:crypto";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import type { CallAuthoriser } from "./authorise-call.ts";
import type { GrpcCall } from "./handler.ts";
import type { MessageEncoding } from "./message-reader.ts";
import {
  type AnswerLimit,
  type CallServices,
  ignore,
  type MethodObserver,
  type Route,
  type ServerCall,
} from "./server-call.ts";
import type { BoundMethod, BoundService } from "./service.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";
import { errorTrailers } from "./status-trailers.ts";
import { StreamingCall } from "./streaming-call.ts";
import { parseTimeoutMs } from "./timeout-header.ts";
import { UnaryCall } from "./unary-call.ts";

/** Largest request message, as in grpc-go. */
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** Protobuf, and neither JSON (`+json`) nor the framing of browsers (`application/grpc-web`). */
const CONTENT_TYPE = /^application\/grpc(?:\+proto)?(?:$|[\s;])/i;
/** As long as an HTTP connection may be silent. */
const STALL_TIMEOUT_MS = 120_000;
/** Calls at once on one connection. */
const STREAMS_PER_CONNECTION_MAX = 1_000;
/** What a client may send ahead of our reading, per call. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
/**
 * Calls of one connection that clients end before they are over: at once, and for each second. Clients of gRPC do so whenever they have read
 * enough; beyond it the connection is closed. The runtime's own limits (1,000 and 33) are for browsers.
 */
const RESETS_MAX = { streamResetBurst: 10_000, streamResetRate: 1_000 };

export interface GrpcServerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly services: readonly BoundService[];
  /** Certificate and key in PEM; without them the connection is plain. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /**
   * Refuses a call by its metadata, or lets it pass. Runs before any handler but those of methods with a check of their own; health and reflection
   * are no exception.
   */
  readonly authorise?: CallAuthoriser | undefined;
  /** Translates what handlers throw; by default anything but a GrpcStatusError is INTERNAL without a word about its cause. */
  readonly toStatus?: (error: unknown, call: GrpcCall) => GrpcStatusError;
  /** Called once per method when the server is made. */
  readonly observe?: (method: BoundMethod) => MethodObserver;
  /** Told of a call that no handler saw: an unknown method, or credentials that are missing or wrong. */
  readonly onRefused?: (path: string, peer: string, error: GrpcStatusError) => void;
  readonly newRequestId?: () => string;
  readonly messageBytesMax?: number;
  /** A large message of which nothing comes for so long is given up, where there is a bound for the memory of all. */
  readonly stallTimeoutMs?: number;
  /** Without one a stream of answers may be of any length. */
  readonly answerLimit?: AnswerLimit;
}

export interface GrpcServer {
  readonly host: string;
  readonly port: number;
  /** New connections see this certificate; open ones go on. Throws for one that is none. */
  useCertificate(tls: { readonly cert: string; readonly key: string }): void;
  /** Accepts no more calls, waits for those that run, and cancels them after the given time. */
  close(timeoutMs: number): Promise<void>;
}

/** Starts a gRPC server; rejects when it cannot listen. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Http2GrpcServer(options);
  return server.listen(options.host, options.port);
}

const UNOBSERVED: MethodObserver = { started() {}, handled() {} };

class Http2GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #routes = new Map<string, Route>();
  readonly #services: ReadonlySet<string>;
  readonly #sessions = new Map<ServerHttp2Session, string>();
  readonly #calls = new Set<ServerCall>();
  readonly #http2: Http2Server;
  readonly #callServices: CallServices;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#services = new Set(options.services.map(({ typeName }) => typeName));
    for (const method of options.services.flatMap((bound) => bound.methods)) {
      this.#routes.set(method.path, { method, observer: options.observe?.(method) ?? UNOBSERVED });
    }
    this.#callServices = {
      messageBytesMax: options.messageBytesMax ?? MESSAGE_BYTES_MAX,
      answerLimit: options.answerLimit,
      stallTimeoutMs: options.stallTimeoutMs ?? STALL_TIMEOUT_MS,
      newRequestId: options.newRequestId ?? randomUUID,
      toStatus: options.toStatus ?? internal,
      open: this.#calls,
    };
    const settings = { maxConcurrentStreams: STREAMS_PER_CONNECTION_MAX, initialWindowSize: STREAM_WINDOW_BYTES };
    this.#http2 = options.tls
      ? createSecureServer({ ...options.tls, ...RESETS_MAX, settings, minVersion: "TLSv1.2", ALPNProtocols: ["h2"] })
      : createServer({ ...RESETS_MAX, settings });
    this.#http2.on("session", (session: ServerHttp2Session) => this.#connected(session));
    this.#http2.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
      this.#called(stream, headers),
    );
    // A connection that breaks, or never was HTTP/2, concerns nobody else.
    this.#http2.on("sessionError", ignore);
  }

  async listen(host: string, port: number): Promise<GrpcServer> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#http2.once("error", reject);
    this.#http2.listen(port, host, resolve);
    await promise;
    this.#http2.off("error", reject);
    const address = this.#http2.address() as AddressInfo;
    return {
      host,
      port: address.port,
      useCertificate: (tls) => (this.#http2 as Partial<Http2SecureServer>).setSecureContext?.({ ...tls }),
      close: (timeoutMs) => this.close(timeoutMs),
    };
  }

  async close(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http2.close(() => resolve()));
    for (const session of this.#sessions.keys()) session.close();
    const timer = setTimeout(() => this.#destroy(), timeoutMs);
    await closed;
    clearTimeout(timer);
  }

  #destroy(): void {
    for (const call of this.#calls) {
      call.end(new GrpcStatusError(StatusCode.UNAVAILABLE, "the server is shutting down"));
    }
    for (const session of this.#sessions.keys()) session.destroy();
  }

  #connected(session: ServerHttp2Session): void {
    const { remoteAddress, remotePort } = session.socket;
    this.#sessions.set(session, `${remoteAddress}:${remotePort}`);
    session.on("close", () => this.#sessions.delete(session));
    session.on("error", ignore);
  }

  #called(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    if (headers[":method"] !== "POST") return this.#refuse(stream, { ":status": 405 });
    if (!CONTENT_TYPE.test(headers["content-type"] ?? "")) return this.#refuse(stream, { ":status": 415 });
    const path = headers[":path"] ?? "";
    const route = this.#routes.get(path);
    // The stream forgets its session once the request has ended.
    const peer = (stream.session && this.#sessions.get(stream.session as ServerHttp2Session)) ?? "unknown";
    if (route === undefined) {
      const error = unimplemented(path, this.#services);
      this.#options.onRefused?.(path, peer, error);
      return this.#refuseWith(stream, error);
    }
    const encoding = messageEncoding(headers["grpc-encoding"]);
    if (encoding === undefined) {
      const text = `grpc: Decompressor is not installed for grpc-encoding "${String(headers["grpc-encoding"])}"`;
      return this.#refuseWith(stream, new GrpcStatusError(StatusCode.UNIMPLEMENTED, text));
    }
    const timeout = headers["grpc-timeout"];
    const timeoutMs = typeof timeout === "string" ? parseTimeoutMs(timeout) : undefined;
    if (timeout !== undefined && timeoutMs === undefined) {
      return this.#refuseWith(stream, new GrpcStatusError(StatusCode.INTERNAL, "malformed grpc-timeout"));
    }
    const origin = { stream, headers, peer, timeoutMs };
    const { bound } = route.method;
    const call: ServerCall =
      bound.kind === "unary"
        ? new UnaryCall(origin, encoding, route, this.#callServices, bound.handle)
        : new StreamingCall(origin, encoding, route, this.#callServices, bound);
    const { admit } = route.method;
    if (admit !== undefined) return void this.#admit(call, peer, admit(call));
    this.#begin(
      call,
      peer,
      this.#options.authorise?.((name) => call.metadata(name)),
    );
  }

  /** Nothing of the message is read before it is known who asks. */
  async #admit(call: ServerCall, peer: string, verdict: Promise<GrpcStatusError | undefined>): Promise<void> {
    try {
      this.#begin(call, peer, await verdict);
    } catch (error) {
      call.end(this.#callServices.toStatus(error, call));
    }
  }

  #begin(call: ServerCall, peer: string, refusal: GrpcStatusError | undefined): void {
    if (refusal === undefined) return call.start();
    this.#options.onRefused?.(call.path, peer, refusal);
    call.end(refusal);
  }

  #refuseWith(stream: ServerHttp2Stream, error: GrpcStatusError): void {
    this.#refuse(stream, { ":status": 200, "content-type": "application/grpc", ...errorTrailers(error) });
  }

  #refuse(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
    stream.on("error", ignore);
    stream.resume();
    stream.respond(headers, { endStream: true });
  }
}

function messageEncoding(header: string | string[] | undefined): MessageEncoding | undefined {
  if (header === undefined || header === "identity") return "identity";
  return header === "gzip" ? "gzip" : undefined;
}

/** grpc-go's texts for what it does not serve: clients compare them. */
function unimplemented(path: string, services: ReadonlySet<string>): GrpcStatusError {
  const slash = path.lastIndexOf("/");
  const service = path.slice(1, slash);
  const method = path.slice(slash + 1);
  if (slash < 1) return new GrpcStatusError(StatusCode.UNIMPLEMENTED, `malformed method name: "${path}"`);
  const text = services.has(service) ? `unknown method ${method} for service ${service}` : `unknown service ${service}`;
  return new GrpcStatusError(StatusCode.UNIMPLEMENTED, text);
}

function internal(): GrpcStatusError {
  return new GrpcStatusError(StatusCode.INTERNAL, "internal error");
}
