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

/** The streams of events that are open. They end when their credential does, and all together when the server stops. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #open = new Set<EventStream>();
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
    const { places, authenticator, drainMaxMs } = this.#options;
    const leave = places.enter(principal, peer);
    let forget = () => {};
    const stream = new EventStream({
      signal,
      ...(drainMaxMs !== undefined && { drainMaxMs }),
      ended: (ended) => {
        leave();
        forget();
        this.#open.delete(ended);
        if (this.#open.size === 0) this.#stopBeating();
      },
    });
    if (stream.signal.aborted) throw new OperationError("canceled", {});
    forget = authenticator.onRevoked(principal, () =>
      stream.end(saying(new OperationError("unauthenticated", {}), requestId)),
    );
    this.#open.add(stream);
    this.#heart ??= setInterval(() => this.#beat(), this.#options.heartbeatMs ?? HEARTBEAT_MS);
    return stream;
  }

  /** Ends all of them: clients come back to the next server, and go on where they were. */
  close(): void {
    this.#isClosing = true;
    for (const stream of this.#open) stream.end();
    this.#stopBeating();
  }

  #beat(): void {
    for (const stream of this.#open) stream.beat();
  }

  #stopBeating(): void {
    clearInterval(this.#heart);
    this.#heart = undefined;
  }
}

/** Why a stream ends, as an event without a number: a client that comes back goes on behind the last that has one. */
export const lastWord = (error: unknown, requestId: string): string =>
  `event: stream_ended\ndata: ${JSON.stringify(errorBody(asOperationError(error), requestId))}\n\n`;
