type Json = Readonly<Record<string, unknown>>;

/** A server of `/ws` that does what a test tells it, connection by connection. */
export class ScriptedServer {
  /** How requests for a WebSocket are refused from now on; undefined accepts them. */
  refusal: number | undefined;
  /** Requests that came so far, refused ones included. */
  requests = 0;
  readonly #connections = new Arrivals<ScriptedConnection>();
  readonly #server: Bun.Server<{ connection: ScriptedConnection }>;

  constructor() {
    this.#server = Bun.serve<{ connection: ScriptedConnection }>({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, server) => {
        this.requests++;
        if (this.refusal !== undefined) return new Response("no", { status: this.refusal });
        const connection = new ScriptedConnection(new URL(request.url).pathname, request.headers.get("authorization"));
        return server.upgrade(request, { data: { connection } }) ? undefined : new Response("no", { status: 400 });
      },
      websocket: {
        open: (socket) => {
          socket.data.connection.socket = socket;
          this.#connections.put(socket.data.connection);
        },
        message: ({ data }, message) => data.connection.messages.put(JSON.parse(String(message)) as Json),
        close: ({ data }, code) => data.connection.closed.resolve(code),
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** The next connection, when it comes. */
  connection(): Promise<ScriptedConnection> {
    return this.#connections.next();
  }

  /** The next connection, with its subscription read and answered. */
  async subscribed(eventId: string): Promise<ScriptedConnection & { readonly subscription: Json }> {
    const connection = await this.connection();
    const subscription = await connection.messages.next();
    connection.say({ type: "subscribed", channel: subscription["channel"], event_id: eventId });
    return Object.assign(connection, { subscription });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

/** The server's end of one connection. */
export class ScriptedConnection {
  readonly path: string;
  readonly authorization: string | null;
  readonly messages = new Arrivals<Json>();
  /** The code with which it was closed. */
  readonly closed = Promise.withResolvers<number>();
  socket: Bun.ServerWebSocket<unknown> | undefined;

  constructor(path: string, authorization: string | null) {
    this.path = path;
    this.authorization = authorization;
  }

  say(message: Json | string): void {
    this.socket!.sendText(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Tells of a branch that moved. */
  event(id: number, data: Json = {}): void {
    this.say({
      type: "event",
      channel: "repo:alice/catalog",
      event: "ref_updated",
      data: {
        repo: "alice/catalog",
        ref: "refs/heads/main",
        old: "0".repeat(40),
        new: "1".repeat(40),
        actor: "alice",
        door: "http",
        ...data,
      },
      timestamp: "2026-01-02T03:04:05.678Z",
      event_id: String(id),
    });
  }
}

/** What arrives, one after the other, for one who waits. */
class Arrivals<T> {
  readonly #arrived: T[] = [];
  #waiting: ((value: T) => void) | undefined;

  put(value: T): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#arrived.push(value);
    else waiting(value);
  }

  next(): Promise<T> {
    const value = this.#arrived.shift();
    return value === undefined ? new Promise((resolve) => (this.#waiting = resolve)) : Promise.resolve(value);
  }
}
