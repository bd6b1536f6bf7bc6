import type { Authenticator } from "../../contract/authenticator.ts";
import type { Principal } from "../../contract/principal.ts";
import { OperationError } from "../../domain/errors.ts";
import { asOperationError, errorBody } from "./error-response.ts";
import { EventStream } from "./event-stream.ts";
import type { LivePlaces } from "./live-places.ts";

/** Proxies and load balancers hang up on connections that are silent for 30 s or more; the port itself after 120 s. */
const HEARTBEAT_MS = 15_000;

export interface EventStreamsOptions {
  readonly places: LivePlaces;
  readonly authenticator: Authenticator;
  readonly heartbeatMs?: number;
  readonly drainMaxMs?: number;
}

/** Whom a stream is for. */
export interface StreamCall {
  readonly requestId: string;
  readonly peer: string;
  readonly signal: AbortSignal;
}

/** The last words of a stream that ends for a reason, in its own protocol. */
export type Saying = (error: unknown, requestId: string) => string;

/** What is kept of an open stream: there may be thousands. */
interface Open {
  readonly leave: () => void;
  readonly credential: Credential;
  readonly requestId: string;
  readonly saying: Saying;
}

/** One credential, and the streams that end with it. */
interface Credential {
  readonly name: string;
  readonly streams: Set<EventStream>;
  readonly forget: () => void;
}

/** The streams of events that are open. They end when their credential does, and all together when the server stops. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #open = new Map<EventStream, Open>();
  readonly #credentials = new Map<string, Credential>();
  #heart: Timer | undefined;
  #isClosing = false;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Makes a stream; whoever does not answer with it ends it. Throws `limit_exceeded` and `shutting_down`. */
  open(principal: Principal, { requestId, peer, signal }: StreamCall, saying: Saying = lastWord): EventStream {
    if (this.#isClosing) throw new OperationError("shutting_down", {});
    if (signal.aborted) throw new OperationError("canceled", {});
    const { places, drainMaxMs } = this.#options;
    const leave = places.enter(principal, peer);
    const stream = new EventStream({ signal, ended: this.#ended, ...(drainMaxMs !== undefined && { drainMaxMs }) });
    const credential = this.#credentialOf(principal);
    credential.streams.add(stream);
    this.#open.set(stream, { leave, credential, requestId, saying });
    this.#heart ??= setInterval(() => this.#beat(), this.#options.heartbeatMs ?? HEARTBEAT_MS);
    return stream;
  }

  /** Ends all of them: clients come back to the next server, and go on where they were. */
  close(): void {
    this.#isClosing = true;
    for (const stream of this.#open.keys()) stream.end();
  }

  #credentialOf(principal: Principal): Credential {
    const { kind, name, user, token, key } = principal;
    const id = [kind, name, user?.id, token?.id, token?.expiresAtMs, key?.id].join("\0");
    let credential = this.#credentials.get(id);
    if (credential === undefined) {
      const streams = new Set<EventStream>();
      const forget = this.#options.authenticator.onRevoked(principal, () => this.#revoked(streams));
      this.#credentials.set(id, (credential = { name: id, streams, forget }));
    }
    return credential;
  }

  #revoked(streams: ReadonlySet<EventStream>): void {
    for (const stream of streams) {
      const { saying, requestId } = this.#open.get(stream)!;
      stream.end(saying(new OperationError("unauthenticated", {}), requestId));
    }
  }

  readonly #ended = (stream: EventStream): void => {
    const open = this.#open.get(stream);
    if (open === undefined) return;
    const { leave, credential } = open;
    this.#open.delete(stream);
    leave();
    credential.streams.delete(stream);
    if (credential.streams.size === 0) {
      credential.forget();
      this.#credentials.delete(credential.name);
    }
    if (this.#open.size > 0) return;
    clearInterval(this.#heart);
    this.#heart = undefined;
  };

  #beat(): void {
    for (const stream of this.#open.keys()) stream.beat();
  }
}

/** Why a stream ends, as an event without a number: a client that comes back goes on behind the last that has one. */
export const lastWord = (error: unknown, requestId: string): string =>
  `event: stream_ended\ndata: ${JSON.stringify(errorBody(asOperationError(error), requestId))}\n\n`;
