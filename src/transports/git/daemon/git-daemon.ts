import { type AddressInfo, createServer, type Socket } from "node:net";
import { DaemonConnection, type DaemonServices } from "./daemon-connection.ts";
import { DAEMON_LIMITS, type DaemonLimits } from "./limits.ts";

export interface GitDaemonOptions extends Omit<DaemonServices, "limits"> {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly limits?: Partial<DaemonLimits>;
  /** Makes the kernel acknowledge what has come without delay. */
  readonly acknowledgeAtOnce?: (socket: Socket) => void;
}

/** An open door. */
export interface GitDaemon {
  readonly host: string;
  readonly port: number;
  /** Refuses newcomers, lets what runs come to its end for so long, and ends the rest. */
  close(timeoutMs: number): Promise<void>;
}

/** How often connections are looked at for time that is over. */
const SWEEP_MS = 1_000;

/** Opens the git:// door (git-daemon(1)): fetches and archives of what anybody may read. Rejects when the port is taken. */
export async function startGitDaemon(options: GitDaemonOptions): Promise<GitDaemon> {
  const door = new Door(options);
  await door.listen();
  return door;
}

class Door implements GitDaemon {
  readonly #options: GitDaemonOptions;
  readonly #services: DaemonServices;
  readonly #limits: DaemonLimits;
  /** In order of arrival. */
  readonly #connections = new Map<DaemonConnection, Promise<void>>();
  // A client's end of file is not yet the end of our answer.
  readonly #listener = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket));
  readonly #sweep: ReturnType<typeof setInterval>;
  host = "";
  port = 0;

  constructor(options: GitDaemonOptions) {
    this.#options = options;
    this.#limits = { ...DAEMON_LIMITS, ...options.limits };
    this.#services = { ...options, limits: this.#limits };
    this.#sweep = setInterval(() => this.#checkTimes(), Math.min(SWEEP_MS, this.#limits.requestTimeoutMs));
    this.#sweep.unref();
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#listener.once("error", reject);
      this.#listener.listen({ host, port }, () => {
        this.#listener.off("error", reject);
        resolve();
      });
    }).catch((error: unknown) => {
      clearInterval(this.#sweep);
      throw error;
    });
    this.host = host;
    this.port = (this.#listener.address() as AddressInfo).port;
  }

  async close(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const connection of this.#connections.keys()) if (!connection.isServed) connection.drop();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([Promise.all(this.#connections.values()), patience]);
    clearTimeout(timer);
    clearInterval(this.#sweep);
    for (const connection of this.#connections.keys()) connection.drop();
    await closed;
  }

  #accept(socket: Socket): void {
    const waiting = [...this.#connections.keys()].filter((connection) => !connection.isServed);
    // Those who do not say what they want make room: they cannot keep others out, however many they are.
    if (waiting.length >= this.#limits.waitingMax) waiting[0]?.drop();
    const connection = new DaemonConnection(socket, this.#services);
    this.#options.acknowledgeAtOnce?.(socket);
    socket.on("close", () => this.#connections.delete(connection));
    this.#connections.set(
      connection,
      connection.serve(() => this.#refusal(connection.address)),
    );
  }

  /** Why one more client is not served now; undefined when it is. */
  #refusal(address: string): string | undefined {
    const served = [...this.#connections.keys()].filter((connection) => connection.isServed);
    if (served.length >= this.#limits.connectionsMax) return "too many connections; try again later";
    const fromThere = served.filter((connection) => connection.address === address).length;
    if (fromThere >= this.#limits.connectionsPerAddressMax) return "too many connections from your address";
    return undefined;
  }

  #checkTimes(): void {
    const nowMs = this.#services.monotonicMs();
    for (const connection of this.#connections.keys()) connection.checkTime(nowMs);
  }
}
