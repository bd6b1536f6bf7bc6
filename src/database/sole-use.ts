import pg from "pg";
import { quietly } from "./quietly.ts";

/** An advisory lock of ours in a database: "holdfast" in ASCII. */
const LOCK = "7525339033105200000";
const RETRY_MS = 250;
const RETAKE_MS = 1_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** Keeps other servers away from a database of PostgreSQL: what one remembers, another would change behind its back. */
export class SoleUse {
  readonly #url: string;
  readonly #onLost: (error: unknown) => void;
  #client: pg.Client | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  private constructor(url: string, onLost: (error: unknown) => void) {
    this.#url = url;
    this.#onLost = onLost;
  }

  /** Throws an Error when another server does not give the database up within some time. */
  static async take(url: string, patienceMs: number, onLost: (error: unknown) => void): Promise<SoleUse> {
    const use = new SoleUse(url, onLost);
    const until = Date.now() + patienceMs;
    while (!(await use.#take())) {
      if (Date.now() >= until) throw new Error("another server uses it");
      await Bun.sleep(RETRY_MS);
    }
    return use;
  }

  /** False after the connection was lost, until it has been made anew. */
  get isHeld(): boolean {
    return this.#client !== undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await quietly(client.end());
  }

  async #take(): Promise<boolean> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: "holdfast lock",
    });
    client.on("error", (error) => this.#lost(client, error));
    client.on("end", () => this.#lost(client, new Error("the connection ended")));
    try {
      await client.connect();
      // A server without a network is forgotten after a minute.
      await client.query(
        "set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3",
      );
      const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [LOCK]);
      if (rows[0]?.taken === true && !this.#closed) {
        this.#client = client;
        return true;
      }
    } catch (error) {
      await quietly(client.end());
      throw error;
    }
    await quietly(client.end());
    return false;
  }

  #lost(client: pg.Client, error: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#onLost(error);
    this.#retakeLater();
  }

  #retakeLater(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#take().then(
        (taken) => taken || this.#retakeLater(),
        () => this.#retakeLater(),
      );
    }, RETAKE_MS);
    this.#timer.unref();
  }
}
