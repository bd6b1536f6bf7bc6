import { WebSocket } from "ws";
import { GitError } from "../errors.ts";
import { parseServerMessage, type ServerEvent, type ServerMessage } from "./server-message.ts";
import { type ConnectionEnd, endOfClose, endOfError, endOfStatus, final, lost } from "./stream-errors.ts";
import type { WatchClock } from "./watch-clock.ts";

/** Largest message that is taken, bytes: a push names its commits with their messages. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** How long the server may take to answer a goodbye. */
const GOODBYE_MAX_MS = 1_000;

export interface EventConnectionOptions {
  /** `ws://HOST:PORT/ws`. */
  readonly url: string;
  readonly token: string | undefined;
  readonly channel: string;
  /** The event to go on behind; with what happens from now on without. */
  readonly since: string | undefined;
  readonly clock: WatchClock;
  readonly connectMaxMs: number;
  readonly silenceMaxMs: number;
  readonly pongMaxMs: number;
  readonly onSubscribed: (eventId: string) => void;
  /** An event, and how many characters it came in. */
  readonly onEvent: (event: ServerEvent, size: number) => void;
  /** Told once, unless `close` was first; nothing else is told behind it. */
  readonly onEnd: (end: ConnectionEnd) => void;
}

/** One connection to `/ws`, from its attempt to its end: subscribed to one channel, and asked for a sign of life when it is silent. */
export class EventConnection {
  readonly #options: EventConnectionOptions;
  readonly #socket: WebSocket;
  #isOver = false;
  #cancelTimer: () => void;

  constructor(options: EventConnectionOptions) {
    this.#options = options;
    const { url, token, clock, connectMaxMs } = options;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    // Events are small and the server does not compress; a redirect would take the token elsewhere.
    this.#socket = new WebSocket(url, {
      headers,
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: MESSAGE_BYTES_MAX,
    });
    this.#cancelTimer = clock.after(connectMaxMs, () =>
      this.#end(lost(`the server has not answered for ${connectMaxMs} ms`)),
    );
    this.#listen();
  }

  /** Says goodbye. Nothing is told any more. */
  close(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#socket.close(1000);
    // Not the watch's clock: whoever stops it must not keep a connection open.
    setTimeout(() => this.#socket.terminate(), GOODBYE_MAX_MS).unref();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("open", () => {
      if (!this.#isOver) this.#subscribe();
    });
    socket.on("message", (data) => {
      if (!this.#isOver) this.#take(textOf(data));
    });
    socket.on("unexpected-response", (_request, response) => this.#end(endOfStatus(response.statusCode ?? 0)));
    socket.on("close", (code, reason) => this.#end(endOfClose(code, reason.toString())));
    // Stays for good: a socket that is broken off before it was open says so by an error.
    socket.on("error", (error) => this.#end(lost(`no connection: ${error.message}`, error)));
  }

  #subscribe(): void {
    const { channel, since } = this.#options;
    this.#send({ type: "subscribe", channel, ...(since !== undefined && { since }) });
  }

  #take(text: string): void {
    let message: ServerMessage;
    try {
      message = parseServerMessage(text);
    } catch (error) {
      return this.#end(error instanceof GitError ? final(error) : lost("unreadable", error));
    }
    const { onSubscribed, onEvent } = this.#options;
    switch (message.type) {
      case "subscribed":
        this.#watchSilence();
        return onSubscribed(message.eventId);
      case "event":
        this.#watchSilence();
        return onEvent(message.event, text.length);
      case "error":
        return this.#end(endOfError(message.error, message.code, message.requestId));
      case "other":
        return this.#watchSilence();
    }
  }

  /** Asks for a sign of life when nothing has come for a while, and gives up when none comes. */
  #watchSilence(): void {
    const { clock, silenceMaxMs, pongMaxMs } = this.#options;
    this.#cancelTimer();
    this.#cancelTimer = clock.after(silenceMaxMs, () => {
      this.#send({ type: "ping" });
      this.#cancelTimer = clock.after(pongMaxMs, () =>
        this.#end(lost(`the server has not answered a ping for ${pongMaxMs} ms`)),
      );
    });
  }

  #send(message: object): void {
    // What cannot be sent is told by `error` or `close`.
    this.#socket.send(JSON.stringify(message), () => {});
  }

  #end(end: ConnectionEnd): void {
    if (this.#isOver) return;
    this.#leave();
    this.#socket.terminate();
    this.#options.onEnd(end);
  }

  #leave(): void {
    this.#isOver = true;
    this.#cancelTimer();
  }
}

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
}
