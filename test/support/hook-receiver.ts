/** What a receiver was sent. */
export interface ReceivedPost {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Somebody's server that is told of events. */
export class HookReceiver {
  readonly received: ReceivedPost[] = [];
  /** How the next requests are answered. */
  status = 200;
  readonly #server: Bun.Server<undefined>;
  #read = 0;
  #waiting: (() => void) | undefined;
  #held: PromiseWithResolvers<void> | undefined;

  private constructor() {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const body = await request.text();
        this.received.push({ path: new URL(request.url).pathname, headers: request.headers.toJSON(), body });
        this.#waiting?.();
        await this.#held?.promise;
        return new Response("thanks", { status: this.status, headers: { location: "/elsewhere" } });
      },
    });
  }

  static open(): HookReceiver {
    return new HookReceiver();
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.#server.port}${path}`;
  }

  /** The next post that has not been read yet. */
  async next(): Promise<ReceivedPost> {
    while (this.#read >= this.received.length) await new Promise<void>((resolve) => (this.#waiting = resolve));
    return this.received[this.#read++]!;
  }

  /** Answers nobody. */
  hold(): void {
    this.#held = Promise.withResolvers();
  }

  /** Answers those who wait, and those who come. */
  answer(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  close(): void {
    this.answer();
    void this.#server.stop(true);
  }
}
