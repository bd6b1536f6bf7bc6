import type { Authenticator } from "../../../contract/authenticator.ts";
import type { DeliveredEvent } from "../../../contract/events.ts";
import type { Caller, Principal } from "../../../contract/principal.ts";
import { EVENTS_BEGIN } from "../../../domain/event-names.ts";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import { type ClientMessage, parseClientMessage } from "./client-message.ts";
import { eventText } from "./event-text.ts";
import { AUTHENTICATE_MAX_MS, CLOSE, DRAIN_MAX_MS, GOODBYE_MAX_MS, SUBSCRIPTIONS_MAX } from "./live-limits.ts";

/** The server's end of a socket, as the HTTP port hands it out. */
export interface Socket {
  send(text: string): "sent" | "waiting" | "dropped";
  close(code: number, reason: string): void;
  terminate(): void;
}

/** What a connection needs of its server. */
export interface ConnectionServices {
  readonly authenticator: Authenticator;
  readonly newRequestId: () => string;
  /** Opens a channel's stream of events. Throws `invalid_input` for a channel that is none. */
  readonly watch: (channel: string, since: string | undefined, caller: Caller) => AsyncIterable<DeliveredEvent>;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
  /** How long a client may take to read what waits for it. */
  readonly drainMaxMs?: number;
}

/** One client and the channels that it listens to. */
export class LiveConnection {
  readonly #services: ConnectionServices;
  readonly #peer: string;
  readonly #closed: () => void;
  readonly #channels = new Map<string, AbortController>();
  #principal: Principal | undefined;
  #socket: Socket | undefined;
  #forgetRevocation: (() => void) | undefined;
  #authenticating: Timer | undefined;
  #drained: PromiseWithResolvers<void> | undefined;
  #drainTimer: Timer | undefined;
  #isEnding = false;

  /** A client without principal must say who it is before anything else. */
  constructor(services: ConnectionServices, peer: string, principal: Principal | undefined, closed: () => void) {
    this.#services = services;
    this.#peer = peer;
    this.#principal = principal;
    this.#closed = closed;
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    if (this.#principal !== undefined) return this.#become(this.#principal);
    const tooLate = () => this.end(CLOSE.unauthenticated, "authentication required");
    this.#authenticating = setTimeout(tooLate, AUTHENTICATE_MAX_MS);
  }

  message(_socket: Socket, data: string | Uint8Array): void {
    if (this.#isEnding) return;
    if (typeof data !== "string") return this.end(CLOSE.invalidData, "messages are text");
    try {
      this.#act(parseClientMessage(data));
    } catch (error) {
      this.#sendError(error);
    }
  }

  drained(): void {
    clearTimeout(this.#drainTimer);
    this.#drainTimer = undefined;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  closed(): void {
    this.#socket = undefined;
    clearTimeout(this.#authenticating);
    this.#forgetRevocation?.();
    for (const channel of this.#channels.values()) channel.abort();
    this.#channels.clear();
    this.drained();
    this.#closed();
  }

  /** Says goodbye, and hangs up on a client that does not answer. */
  end(code: number, reason: string): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isEnding) return;
    this.#isEnding = true;
    for (const channel of this.#channels.values()) channel.abort();
    socket.close(code, reason);
    // Also where the socket is told to be closed: what waits for a client that does not read keeps it open.
    setTimeout(() => socket.terminate(), GOODBYE_MAX_MS).unref();
  }

  #act(message: ClientMessage): void {
    switch (message.type) {
      case "ping":
        return this.#send({ type: "pong" });
      case "authenticate":
        return void this.#authenticate(message.token);
      case "subscribe":
        return this.#subscribe(message.channel, message.since);
      case "unsubscribe": {
        const { channel } = message;
        this.#channels.get(channel)?.abort();
        this.#channels.delete(channel);
        return this.#send({ type: "unsubscribed", channel });
      }
    }
  }

  async #authenticate(token: string): Promise<void> {
    try {
      if (this.#channels.size > 0) {
        throw new OperationError("invalid_input", { field: "type", problem: "authenticate before you subscribe" });
      }
      const principal = await this.#services.authenticator.token(token);
      if (this.#socket === undefined) return;
      this.#become(principal);
      this.#send({ type: "authenticated", user: principal.name });
    } catch (error) {
      this.#sendError(error);
    }
  }

  #become(principal: Principal): void {
    clearTimeout(this.#authenticating);
    this.#forgetRevocation?.();
    this.#principal = principal;
    this.#forgetRevocation = this.#services.authenticator.onRevoked(principal, () =>
      this.end(CLOSE.unauthenticated, "the credentials are no longer good"),
    );
  }

  #subscribe(channel: string, since: string | undefined): void {
    if (this.#principal === undefined) throw new OperationError("unauthenticated", {});
    if (this.#channels.has(channel)) {
      throw new OperationError("invalid_input", { field: "channel", problem: "is subscribed to already" });
    }
    if (this.#channels.size >= SUBSCRIPTIONS_MAX) {
      throw new OperationError("limit_exceeded", {
        limit: "channels of one connection",
        maximum: SUBSCRIPTIONS_MAX,
        retryAfterMs: 0,
      });
    }
    const ending = new AbortController();
    this.#channels.set(channel, ending);
    void this.#pump(channel, since, this.#principal, ending);
  }

  /** Tells the client of a channel's events, no faster than it reads. */
  async #pump(
    channel: string,
    since: string | undefined,
    principal: Principal,
    { signal }: AbortController,
  ): Promise<void> {
    const requestId = this.#services.newRequestId();
    const caller: Caller = { principal, door: "ws", requestId, peer: this.#peer, signal };
    try {
      for await (const event of this.#services.watch(channel, since, caller)) {
        if (signal.aborted) return;
        const text =
          event.event === EVENTS_BEGIN
            ? JSON.stringify({ type: "subscribed", channel, event_id: event.event_id })
            : eventText(event, channel);
        const sent = this.#socket?.send(text);
        if (sent === "waiting") await this.#draining();
        else if (sent === "dropped") return this.end(CLOSE.tooSlow, "the reader is too slow");
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#channels.delete(channel);
      this.#sendError(error, requestId, channel);
      if (hasReason(error, "reader_too_slow")) this.end(CLOSE.tooSlow, "the reader is too slow");
    }
  }

  /** Waits until the client has read what waits for it. One that never does is let go. */
  #draining(): Promise<void> {
    this.#drainTimer ??= setTimeout(
      () => this.end(CLOSE.tooSlow, "the reader is too slow"),
      this.#services.drainMaxMs ?? DRAIN_MAX_MS,
    );
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  #send(message: object): void {
    if (this.#socket?.send(JSON.stringify(message)) === "dropped") this.end(CLOSE.tooSlow, "the reader is too slow");
  }

  #sendError(error: unknown, requestId = this.#services.newRequestId(), channel?: string): void {
    if (!(error instanceof OperationError)) this.#services.onBug(error, requestId);
    const known =
      error instanceof OperationError ? error : new OperationError("internal", { what: "see the server's log" });
    const { message, code, reason } = known;
    const where = channel === undefined ? {} : { channel };
    // Numbers and texts; what is told of references and objects belongs to other doors.
    this.#send({
      type: "error",
      error: message,
      code,
      reason,
      details: plain(known.details),
      ...where,
      request_id: requestId,
    });
  }
}

function plain(details: object): object {
  return Object.fromEntries(
    Object.entries(details).filter(([, value]) => typeof value === "string" || typeof value === "number"),
  );
}
