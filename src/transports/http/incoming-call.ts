import type { Authenticator } from "../../contract/authenticator.ts";
import type { Principal } from "../../contract/principal.ts";
import { OperationError } from "../../domain/errors.ts";
import { principalOf } from "./credentials.ts";
import { type Forwarding, forwardedOf } from "./forwarded.ts";
import type { HttpCall } from "./http-door.ts";
import type { SocketData, SocketListener } from "./live-socket.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** What a door returns for a request that has become a WebSocket; the client never sees it. */
export const UPGRADED: Response = new Response(null);

/** What calls need of their server. */
export interface CallServices {
  readonly authenticator: Authenticator;
  readonly proxies: TrustedProxies;
  readonly onRefused: (call: HttpCall, method: string, error: OperationError) => void;
}

/** One request as doors see it. */
export class IncomingCall implements HttpCall {
  readonly requestId: string;
  readonly peer: string;
  readonly url: URL;
  /** What the client takes for our name, port included; null when it does not say. */
  readonly host: string | null;
  readonly #request: Request;
  readonly #server: Bun.Server<SocketData>;
  readonly #services: CallServices;
  #principal: Promise<Principal> | undefined;

  constructor(request: Request, server: Bun.Server<SocketData>, requestId: string, services: CallServices) {
    this.#request = request;
    this.#server = server;
    this.#services = services;
    this.requestId = requestId;
    const socket = server.requestIP(request);
    const via = socket !== null && services.proxies.includes(socket.address) ? forwarding(request, services) : {};
    this.peer = via.address ?? (socket === null ? "unknown" : `${socket.address}:${socket.port}`);
    this.host = via.host ?? request.headers.get("host");
    this.url = addressOf(request, server.url.origin, via);
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  principal(): Promise<Principal> {
    this.#principal ??= principalOf(this.#request.headers.get("authorization"), this.#services.authenticator);
    return this.#principal;
  }

  watchTime(): void {
    this.#server.timeout(this.#request, 0);
  }

  refused(error: OperationError): void {
    this.#services.onRefused(this, this.#request.method, error);
  }

  upgrade(listener: SocketListener): Response {
    if (this.#server.upgrade(this.#request, { data: { listener } })) return UPGRADED;
    throw new OperationError("malformed_request", { part: "upgrade", problem: "the request asks for no WebSocket" });
  }
}

const forwarding = ({ headers }: Request, { proxies }: CallServices): Forwarding => forwardedOf(headers, proxies);

function addressOf(request: Request, ours: string, { scheme, host }: Forwarding): URL {
  // Where the client gives no name of ours, or one that is none, there is the path at least.
  const url = URL.parse(request.url) ?? new URL(ours + (/^(?:https?:\/\/[^/]*)?(\/.*)$/.exec(request.url)?.[1] ?? "/"));
  if (scheme !== undefined) url.protocol = scheme;
  if (host !== undefined) {
    // Without a port it is the scheme's own, not the one that the proxy came to.
    url.port = "";
    url.host = host;
  }
  return url;
}
