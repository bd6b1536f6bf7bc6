import type { Authenticator } from "../../contract/authenticator.ts";
import { OperationError } from "../../domain/errors.ts";
import { answerTogether } from "./answer-together.ts";
import { errorResponse } from "./error-response.ts";
import { HOST } from "./forwarded.ts";
import type { HttpCall, HttpDoor } from "./http-door.ts";
import { IncomingCall, UPGRADED } from "./incoming-call.ts";
import { socketHandlers, type SocketData } from "./live-socket.ts";
import { hostGuard } from "./loopback-guard.ts";
import { originGuard, preflightAnswer, shareWith } from "./origin-guard.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

/** Doors count what they read of a body; this only is more than any of them takes. */
const BODY_BYTES_MAX = 2 ** 52;
/** A connection that has nothing to say for so long is closed. */
const IDLE_TIMEOUT_S = 120;

/** Certificate chain and key in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Asked in this order; the first that answers wins. */
  readonly doors: readonly HttpDoor[];
  readonly authenticator: Authenticator;
  readonly newRequestId: () => string;
  /** Without one the connection is plain. */
  readonly certificate?: Certificate | undefined;
  /** The address that users see; its host and origin are ours. */
  readonly publicUrl?: URL | undefined;
  /** Addresses and networks of proxies whose word about their clients is believed. */
  readonly trustedProxies?: readonly string[];
  /** Origins of web pages that may call us. */
  readonly allowedOrigins?: readonly string[];
  /** Told of requests that no operation saw. */
  readonly onRefused: (call: HttpCall, method: string, error: OperationError) => void;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** New connections see this certificate; requests that run end as they began. Throws for one that is none. */
  useCertificate(certificate: Certificate): void;
  /** Accepts no more requests, waits for those that run, and breaks them off after the given time. */
  close(timeoutMs: number): Promise<void>;
}

type Listener = Bun.Server<SocketData>;

/** Opens the HTTP port. Throws when it cannot listen. */
export function startHttpServer(options: HttpServerOptions): HttpServer {
  const fetch = answerTogether(respondWith(options));
  const websocket = socketHandlers((error) => options.onBug(error, "websocket"));
  const listen = (port: number, certificate?: Certificate, shared = certificate !== undefined): Listener =>
    Bun.serve<SocketData>({
      hostname: options.host,
      port,
      maxRequestBodySize: BODY_BYTES_MAX,
      idleTimeout: IDLE_TIMEOUT_S,
      // A certificate is changed by a second listener on the same port, which takes over from the first.
      reusePort: shared,
      ...(certificate && { tls: { cert: certificate.cert, key: certificate.key } }),
      fetch,
      websocket,
    });
  let current: Listener;
  if (options.certificate === undefined) current = listen(options.port);
  else {
    // Ports that are shared do not tell that somebody else has them: ask for it alone first.
    const alone = listen(options.port, options.certificate, false);
    const port = alone.port ?? 0;
    void alone.stop(true);
    current = listen(port, options.certificate);
  }
  const port = current.port ?? 0;
  const retired = new Set<Listener>();
  return {
    host: options.host,
    port,
    useCertificate(certificate) {
      const old = current;
      current = listen(port, certificate);
      retired.add(old);
      void old.stop(false).then(() => retired.delete(old));
    },
    close: async (timeoutMs) => void (await Promise.all([current, ...retired].map((each) => close(each, timeoutMs)))),
  };
}

type Respond = (request: Request, server: Listener) => Promise<Response | undefined>;

function respondWith(options: HttpServerOptions): Respond {
  const { publicUrl } = options;
  const checkHost = hostGuard(options.host, publicUrl === undefined ? [] : [publicUrl.hostname]);
  const checkOrigin = originGuard(options.allowedOrigins ?? [], publicUrl);
  const services = {
    authenticator: options.authenticator,
    proxies: new TrustedProxies(options.trustedProxies ?? []),
    onRefused: options.onRefused,
  };
  let lastHost: string | null | undefined;
  return async (request, server) => {
    const requestId = options.newRequestId();
    const origin = request.headers.get("origin");
    let call: IncomingCall | undefined;
    let listed = false;
    let response: Response;
    try {
      call = new IncomingCall(request, server, requestId, services);
      if (call.host !== lastHost) {
        if (call.host !== null && call.host !== "" && !HOST.test(call.host)) throw malformedHost();
        checkHost(call.host);
        // Nearly all requests have the one before's.
        lastHost = call.host;
      }
      listed = checkOrigin(origin, call.url) === "listed";
      response = (listed ? preflightAnswer(request) : undefined) ?? (await answer(request, call, options.doors));
      if (response === UPGRADED) return undefined;
    } catch (error) {
      if (error instanceof OperationError) call?.refused(error);
      else options.onBug(error, requestId);
      response = errorResponse(error, requestId);
    }
    return listed && origin !== null ? shareWith(origin, response) : response;
  };
}

const malformedHost = () =>
  new OperationError("malformed_request", { part: "host", problem: "is no name of a server" });

function answer(request: Request, call: HttpCall, doors: readonly HttpDoor[]): Response | Promise<Response> {
  for (const door of doors) {
    const response = door(request, call);
    if (response !== undefined) return response;
  }
  throw new OperationError("address_unknown", { path: call.url.pathname });
}

async function close(server: Listener, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => void server.stop(true), timeoutMs);
  await server.stop(false);
  clearTimeout(timer);
}
