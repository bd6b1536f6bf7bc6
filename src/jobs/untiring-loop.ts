/** After a failure, such as a database that does not answer, the work begins again where it was. */
const PAUSE_MS = 5_000;

export interface UntiringLoopOptions {
  /** Works until the signal fires, or throws. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Told what it threw, before it begins again. */
  readonly onFailed: (error: unknown) => void;
}

/** Work that is begun again, after a pause, until it is closed. */
export class UntiringLoop {
  readonly #options: UntiringLoopOptions;
  readonly #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: UntiringLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const { run, onFailed } = this.#options;
    while (!signal.aborted) {
      try {
        await run(signal);
      } catch (error) {
        if (signal.aborted) return;
        onFailed(error);
        await pause(PAUSE_MS, signal);
      }
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
