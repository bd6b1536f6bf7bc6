/** How long a client may take to read what waits for it; then it is let go, and comes back where it was. */
const DRAIN_MAX_MS = 30_000;

/** The types of the platform do not know Bun's own kind of stream. */
type StreamSource = ConstructorParameters<typeof ReadableStream>[0];

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Proxies of the nginx family would keep events back until there are enough of them.
  "x-accel-buffering": "no",
};

export interface EventStreamOptions {
  /** Fires when the client goes. */
  readonly signal: AbortSignal;
  /** Called once, whoever ended it. */
  readonly ended: (stream: EventStream) => void;
  readonly drainMaxMs?: number;
}

/** One answer that goes on: events as the HTML Standard has them (9.2, server-sent events), no faster than the client reads. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #ending = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  #sink: ReadableStreamDirectController | undefined;
  #isWaiting = false;
  /** What is to be told, until it is begun with. */
  #tell: (() => Promise<void>) | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    if (options.signal.aborted) this.#finish();
    else options.signal.addEventListener("abort", this.#finish, { once: true });
  }

  /** Fires when the stream has ended: the client has gone, or the server has had enough. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * The answer. As soon as it is on its way `tell` is run, which sends until it is done; then the stream ends. It is run in any case, so that it can
   * give back what it holds, and must not reject.
   */
  response(tell: () => Promise<void>): Response {
    this.#tell = tell;
    if (this.#ending.signal.aborted) this.#begin();
    // Of this type `write` itself says whether the client reads, and sends in half of the time.
    const source: Bun.DirectUnderlyingSource<string> = {
      type: "direct",
      pull: (sink) => {
        this.#sink = sink;
        if (this.#ending.signal.aborted) void sink.end();
        this.#begin();
        return this.#done.promise;
      },
      cancel: this.#finish,
    };
    return new Response(new ReadableStream(source as unknown as StreamSource), { headers: HEADERS });
  }

  /** Sends; a promise is for the next to wait for. Nothing happens behind the end. */
  send(text: string): Promise<void> | undefined {
    if (this.#sink === undefined || this.#ending.signal.aborted) return undefined;
    let written: number | Promise<number>;
    try {
      written = this.#sink.write(text);
      if (!(written instanceof Promise)) return void this.#sink.flush();
    } catch {
      // The connection broke a moment ago, and nobody has told us yet.
      this.#finish();
      return undefined;
    }
    return this.#drained(written);
  }

  /** Says that the connection is alive; a client that does not read need not hear it. */
  beat(): void {
    if (!this.#isWaiting) void this.send(":\n\n");
  }

  /** Ends the stream, with a last word where there is one. */
  end(lastWord = ""): void {
    if (this.#ending.signal.aborted) return;
    try {
      if (lastWord !== "" && !this.#isWaiting) void this.#sink?.write(lastWord);
      void this.#sink?.end();
    } finally {
      this.#finish();
    }
  }

  #begin(): void {
    const tell = this.#tell;
    this.#tell = undefined;
    if (tell !== undefined) void tell().then(() => this.end());
  }

  async #drained(written: Promise<number>): Promise<void> {
    this.#isWaiting = true;
    const timer = setTimeout(() => this.end(), this.#options.drainMaxMs ?? DRAIN_MAX_MS);
    await Promise.race([written, this.#done.promise]).catch(this.#finish);
    clearTimeout(timer);
    this.#isWaiting = false;
  }

  readonly #finish = (): void => {
    if (this.#ending.signal.aborted) return;
    this.#options.signal.removeEventListener("abort", this.#finish);
    this.#ending.abort();
    this.#done.resolve();
    this.#options.ended(this);
    // The client has gone before the answer was on its way.
    this.#begin();
  };
}
