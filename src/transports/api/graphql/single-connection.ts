import { randomBytes } from "node:crypto";
import type { ExecutionResult } from "graphql";
import type { Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { EventStream } from "../../http/event-stream.ts";
import type { EventStreams } from "../../http/event-streams.ts";
import type { HttpCall } from "../../http/http-door.ts";
import type { BodyRoom } from "../derived/body-budget.ts";

/** How long a reservation waits for its stream. */
const RESERVED_MAX_MS = 30_000;
/** Operations of one stream. */
const OPERATIONS_MAX = 100;
/** Reservations that wait for their stream: of one caller, and of all. */
const WAITING_PER_CALLER_MAX = 100;
const WAITING_MAX = 10_000;
const OPERATION_ID_LENGTH_MAX = 200;

/** Runs an operation: its results, for as long as the signal does not fire. */
export type RunResults = (signal: AbortSignal) => AsyncIterable<ExecutionResult>;

interface Reservation {
  readonly principal: Principal;
  /** Whose it is: the account, or the address without one. */
  readonly owner: string;
  readonly stream: PromiseWithResolvers<EventStream>;
  readonly operations: Map<string, AbortController>;
  readonly expiry: Timer;
  isOpen: boolean;
}

export interface SingleConnectionOptions {
  readonly streams: EventStreams;
  /** A result as it stands in the stream. */
  readonly show: (result: ExecutionResult, requestId: string) => object;
  /** What was thrown in place of a result. */
  readonly failed: (error: unknown, requestId: string) => ExecutionResult;
}

/**
 * GraphQL over server-sent events with one stream for all operations of a client: it reserves the stream, opens it, and starts and ends
 * operations by requests of their own. Browsers allow few connections to one server.
 */
export class SingleConnections {
  readonly #options: SingleConnectionOptions;
  readonly #reservations = new Map<string, Reservation>();
  /** By whose they are. */
  readonly #waiting = new Map<string, number>();

  constructor(options: SingleConnectionOptions) {
    this.#options = options;
  }

  /** Reserves a stream; gives the token that names it. Throws `limit_exceeded`. */
  reserve(principal: Principal, { peer }: Pick<HttpCall, "peer">): string {
    const owner = principal.kind === "user" ? `user ${principal.name}` : `address ${peer.replace(/:\d+$/, "")}`;
    const ofOwner = this.#waiting.get(owner) ?? 0;
    if (ofOwner >= WAITING_PER_CALLER_MAX) throw tooMany("reserved streams of one caller", WAITING_PER_CALLER_MAX);
    const waiting = [...this.#waiting.values()].reduce((sum, count) => sum + count, 0);
    if (waiting >= WAITING_MAX) throw tooMany("reserved streams", WAITING_MAX);
    this.#waiting.set(owner, ofOwner + 1);
    const token = randomBytes(16).toString("hex");
    const expiry = setTimeout(() => {
      this.#waitsNoMore(owner);
      this.#reservations.delete(token);
    }, RESERVED_MAX_MS);
    expiry.unref();
    const stream = Promise.withResolvers<EventStream>();
    this.#reservations.set(token, { principal, owner, stream, operations: new Map(), expiry, isOpen: false });
    return token;
  }

  /** Opens the reserved stream. Throws `address_unknown` for a token that is none, and `malformed_request` for a stream that is open. */
  open(token: string, principal: Principal, call: HttpCall): Response {
    const reservation = this.#find(token, principal);
    if (reservation.isOpen) throw malformed("token", "is that of a stream that is open");
    const stream = this.#options.streams.open(principal, call, () => "");
    reservation.isOpen = true;
    clearTimeout(reservation.expiry);
    this.#waitsNoMore(reservation.owner);
    return stream.response(
      () =>
        new Promise((resolve) => {
          const end = () => {
            this.#reservations.delete(token);
            for (const operation of reservation.operations.values()) operation.abort();
            resolve();
          };
          if (stream.signal.aborted) return end();
          stream.signal.addEventListener("abort", end, { once: true });
          void stream.send(":\n\n");
          reservation.stream.resolve(stream);
        }),
    );
  }

  /**
   * Takes an operation, whose results come in the stream as soon as that is open; a large one waits for nothing. `room` is given back when it has
   * ended. Throws as `open`, and `limit_exceeded`.
   */
  start(token: string, principal: Principal, id: unknown, requestId: string, run: RunResults, room: BodyRoom): void {
    const { operations, stream, isOpen } = this.#find(token, principal);
    if (!isOpen && room.isTaken) throw malformed("body", "is larger than 64 KiB, and the stream is not open yet");
    if (typeof id !== "string" || id === "" || id.length > OPERATION_ID_LENGTH_MAX)
      throw malformed("extensions", "have no operationId, or none that is short enough");
    if (operations.has(id)) throw malformed("extensions", "have an operationId that is running");
    if (operations.size >= OPERATIONS_MAX) throw tooMany("operations of one stream", OPERATIONS_MAX);
    const ending = new AbortController();
    operations.set(id, ending);
    void stream.promise
      .then((opened) => this.#pump(opened, id, requestId, run, ending.signal))
      .finally(() => {
        room.release();
        if (operations.get(id) === ending) operations.delete(id);
      });
  }

  /** Ends an operation; one that is not there has ended already. Throws `address_unknown`. */
  stop(token: string, principal: Principal, id: string): void {
    this.#find(token, principal).operations.get(id)?.abort();
  }

  #waitsNoMore(owner: string): void {
    const others = (this.#waiting.get(owner) ?? 1) - 1;
    if (others === 0) this.#waiting.delete(owner);
    else this.#waiting.set(owner, others);
  }

  async #pump(stream: EventStream, id: string, requestId: string, run: RunResults, signal: AbortSignal): Promise<void> {
    const { show, failed } = this.#options;
    const say = (event: "next" | "complete", data: object) =>
      stream.send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (signal.aborted) return;
    try {
      for await (const result of run(signal)) {
        if (signal.aborted) return;
        await say("next", { id, payload: show(result, requestId) });
      }
    } catch (error) {
      if (signal.aborted) return;
      await say("next", { id, payload: show(failed(error, requestId), requestId) });
    }
    await say("complete", { id });
  }

  /** A token belongs to the account that it was made for; to others it is none. */
  #find(token: string, { kind, name }: Principal): Reservation {
    const found = this.#reservations.get(token);
    if (found === undefined || found.principal.kind !== kind || found.principal.name !== name)
      throw new OperationError("address_unknown", { path: "/graphql/subscribe" });
    return found;
  }
}

const malformed = (part: string, problem: string) => new OperationError("malformed_request", { part, problem });

const tooMany = (limit: string, maximum: number) =>
  new OperationError("limit_exceeded", { limit, maximum, retryAfterMs: 1000 });
