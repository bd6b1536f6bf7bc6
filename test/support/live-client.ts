/** A message of the server. */
export interface LiveMessage {
  readonly type: string;
  readonly channel?: string;
  readonly event?: string;
  readonly event_id?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly reason?: string;
  readonly [field: string]: unknown;
}

/** A client of `/ws`, or of another WebSocket, that keeps what it is told. */
export class LiveClient {
  readonly messages: LiveMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        resolve({ code, reason });
        this.#wake();
      });
    });
    socket.addEventListener("message", ({ data }) => {
      this.messages.push(JSON.parse(data as string) as LiveMessage);
      this.#wake();
    });
  }

  /** Connects to a server's HTTP address, with a token where one is given. */
  static async connect(http: string, token?: string, path = "/ws"): Promise<LiveClient> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`${http.replace(/^http/, "ws")}${path}`, { headers } as never);
    const client = new LiveClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error("no WebSocket")));
    });
    return client;
  }

  send(message: object | string): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Subscribes, and waits for the answer. */
  async subscribe(channel: string, since?: string): Promise<LiveMessage> {
    this.send({ type: "subscribe", channel, ...(since === undefined ? {} : { since }) });
    return this.until((one) => one.channel === channel && (one.type === "subscribed" || one.type === "error"));
  }

  /** The first message that fits, past or to come. Rejects when the socket closes before. */
  async until(fits: (message: LiveMessage) => boolean): Promise<LiveMessage> {
    for (let at = 0; ; at++) {
      while (at >= this.messages.length) {
        if (this.#socket.readyState >= WebSocket.CLOSING) throw new Error("the socket was closed");
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
      const message = this.messages[at]!;
      if (fits(message)) return message;
    }
  }

  /** The events that have come so far. */
  events(channel?: string): LiveMessage[] {
    return this.messages.filter((one) => one.type === "event" && (channel === undefined || one.channel === channel));
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
