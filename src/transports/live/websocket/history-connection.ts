import type { Authenticator } from "../../../contract/authenticator.ts";
import type { Caller, Principal } from "../../../contract/principal.ts";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import { REASONS } from "../../../domain/reasons.ts";
import { asOperationError, errorBody } from "../../http/error-response.ts";
import { parseClientMessage } from "./client-message.ts";
import type { Socket } from "./live-connection.ts";
import { AUTHENTICATE_MAX_MS, CLOSE, closeCodeOf, DRAIN_MAX_MS, GOODBYE_MAX_MS } from "./live-limits.ts";

/** What a connection needs of its server. */
export interface HistoryServices {
  readonly authenticator: Authenticator;
  readonly newRequestId: () => string;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
  /** How long a client may take to read what waits for it. */
  readonly drainMaxMs?: number;
}

/** What one socket is told: messages as JSON has them. */
export type Follow = (caller: Caller) => AsyncIterable<object>;

/** One client that follows a log or a blame: the walk goes no faster than it reads, and ends with its socket. */
export class HistoryConnection {
  readonly #services: HistoryServices;
  readonly #peer: string;
  readonly #follow: Follow;
  readonly #closed: () => void;
  readonly #ending = new AbortController();
  #principal: Principal | undefined;
  #socket: Socket | undefined;
  #forgetRevocation: (() => void) | undefined;
  #authenticating: Timer | undefined;
  #drained: PromiseWithResolvers<void> | undefined;
  #isEnding = false;

  /** A client without principal must say who it is first. */
  constructor(
    services: HistoryServices,
    peer: string,
    principal: Principal | undefined,
    follow: Follow,
    closed: () => void,
  ) {
    this.#services = services;
    this.#peer = peer;
    this.#principal = principal;
    this.#follow = follow;
    this.#closed = closed;
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    if (this.#principal !== undefined) return this.#begin(this.#principal);
    const tooLate = () => this.#fail(new OperationError("unauthenticated", {}));
    this.#authenticating = setTimeout(tooLate, AUTHENTICATE_MAX_MS);
  }

  message(_socket: Socket, data: string | Uint8Array): void {
    if (this.#isEnding) return;
    if (typeof data !== "string") return this.end(CLOSE.invalidData, "messages are text");
    try {
      const message = parseClientMessage(data);
      if (message.type === "ping") return void this.#send({ type: "pong" });
      if (message.type === "authenticate" && this.#principal === undefined)
        return void this.#authenticate(message.token);
      throw new OperationError("invalid_input", { field: "type", problem: "means nothing here" });
    } catch (error) {
      this.#sendError(error, this.#services.newRequestId());
    }
  }

  drained(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  closed(): void {
    this.#socket = undefined;
    clearTimeout(this.#authenticating);
    this.#forgetRevocation?.();
    this.#ending.abort();
    this.drained();
    this.#closed();
  }

  /** Says goodbye, and hangs up on a client that does not answer. */
  end(code: number, reason: string): void {
    const socket = this.#socket;
    if (socket === undefined || this.#isEnding) return;
    this.#isEnding = true;
    this.#ending.abort();
    this.drained();
    socket.close(code, reason);
    setTimeout(() => socket.terminate(), GOODBYE_MAX_MS).unref();
  }

  async #authenticate(token: string): Promise<void> {
    try {
      const principal = await this.#services.authenticator.token(token);
      if (this.#socket === undefined || this.#principal !== undefined) return;
      clearTimeout(this.#authenticating);
      this.#principal = principal;
      this.#send({ type: "authenticated", user: principal.name });
      this.#begin(principal);
    } catch (error) {
      this.#fail(error);
    }
  }

  #begin(principal: Principal): void {
    this.#forgetRevocation = this.#services.authenticator.onRevoked(principal, () =>
      this.#fail(new OperationError("unauthenticated", {})),
    );
    void this.#pump(principal);
  }

  async #pump(principal: Principal): Promise<void> {
    const { signal } = this.#ending;
    const requestId = this.#services.newRequestId();
    try {
      const caller: Caller = { principal, door: "ws", requestId, peer: this.#peer, signal };
      for await (const told of this.#follow(caller)) {
        if (signal.aborted) return;
        const sent = this.#send(told);
        if (sent === "waiting") await this.#draining();
        else if (sent === "dropped") return this.end(CLOSE.tooSlow, "the reader is too slow");
      }
      // It has no end of its own: only credentials that are no longer good end it.
      if (!signal.aborted) throw new OperationError("unauthenticated", {});
    } catch (error) {
      if (!signal.aborted) this.#fail(error, requestId);
    }
  }

  /** Waits until the client has read what waits for it. One that never does is let go. */
  async #draining(): Promise<void> {
    const timer = setTimeout(
      () => this.end(CLOSE.tooSlow, "the reader is too slow"),
      this.#services.drainMaxMs ?? DRAIN_MAX_MS,
    );
    this.#drained ??= Promise.withResolvers<void>();
    await this.#drained.promise;
    clearTimeout(timer);
  }

  #send(message: object): "sent" | "waiting" | "dropped" {
    return this.#socket?.send(JSON.stringify(message)) ?? "dropped";
  }

  /** Tells what is wrong, and closes. */
  #fail(error: unknown, requestId = this.#services.newRequestId()): void {
    if (this.#isEnding) return;
    const told = this.#sendError(error, requestId);
    this.end(
      hasReason(told, "unauthenticated") ? CLOSE.unauthenticated : closeCodeOf(REASONS[told.reason].httpStatus),
      told.reason,
    );
  }

  #sendError(error: unknown, requestId: string): OperationError {
    if (!(error instanceof OperationError)) this.#services.onBug(error, requestId);
    const told = asOperationError(error);
    this.#send({ type: "error", ...errorBody(told, requestId) });
    return told;
  }
}
