import { type AddressInfo, createServer, type Socket } from "node:net";
import ssh2 from "ssh2";
import { ALGORITHMS } from "./algorithms.ts";
import { type ConnectionServices, SshConnection } from "./connection.ts";
import { SSH_LIMITS, type SshLimits } from "./limits.ts";

export interface SshDoorOptions extends Omit<ConnectionServices, "limits" | "commandLengthMax"> {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Private keys, best first. */
  readonly hostKeys: readonly string[];
  readonly limits?: Partial<SshLimits>;
  /** Makes the kernel acknowledge what has come without delay. */
  readonly acknowledgeAtOnce?: (socket: Socket) => void;
}

/** An open door. */
export interface SshDoor {
  readonly host: string;
  readonly port: number;
  /** Refuses newcomers, lets what runs come to its end for so long, and ends the rest. */
  close(timeoutMs: number): Promise<void>;
}

/** How often connections are looked at for time that is over. */
const SWEEP_MS = 1_000;
/** A user of SSH sees it in `ssh -v`; it tells no version. */
const IDENT = "Holdfast";

/** Opens the SSH door: Git's programs and commands, for holders of keys and, where they are let in, for anybody. Rejects when the port is taken. */
export async function startSshDoor(options: SshDoorOptions): Promise<SshDoor> {
  const door = new Door(options);
  await door.listen();
  return door;
}

class Door implements SshDoor {
  readonly #options: SshDoorOptions;
  readonly #services: ConnectionServices;
  readonly #limits: SshLimits;
  /** By address and port of the client, in order of arrival. */
  readonly #connections = new Map<string, SshConnection>();
  readonly #protocol: ssh2.Server;
  readonly #listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  readonly #sweep: ReturnType<typeof setInterval>;
  host = "";
  port = 0;

  constructor(options: SshDoorOptions) {
    this.#options = options;
    this.#limits = { ...SSH_LIMITS, ...options.limits };
    this.#services = { ...options, limits: this.#limits, commandLengthMax: this.#limits.commandLengthMax };
    this.#protocol = new ssh2.Server({
      hostKeys: [...options.hostKeys],
      algorithms: ALGORITHMS,
      ident: IDENT,
      keepaliveInterval: this.#limits.keepaliveIntervalMs,
      keepaliveCountMax: this.#limits.keepaliveMissedMax,
    });
    this.#protocol.on("connection", (client, { ip, port, header }) => {
      const connection = this.#connections.get(`${ip}:${port}`);
      if (connection === undefined) client.end();
      else connection.greet(client, header.versions.software);
    });
    this.#sweep = setInterval(() => this.#checkTimes(), Math.min(SWEEP_MS, this.#limits.loginGraceMs));
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
    const address = this.#listener.address() as AddressInfo;
    this.host = host;
    this.port = address.port;
  }

  async close(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    const drained = Promise.all([...this.#connections.values()].map((connection) => connection.drain()));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([Promise.all([drained, closed]), patience]);
    clearTimeout(timer);
    clearInterval(this.#sweep);
    for (const connection of this.#connections.values()) connection.drop();
    await closed;
  }

  #accept(socket: Socket): void {
    const unauthenticated = [...this.#connections.values()].filter((connection) => !connection.isAuthenticated);
    // Those who do not get on make room: they cannot keep others out, however many they are.
    if (unauthenticated.length >= this.#limits.unauthenticatedMax) unauthenticated[0]?.drop();
    else if (this.#connections.size >= this.#limits.connectionsMax) return void socket.destroy();
    const connection = new SshConnection(socket, this.#services);
    this.#connections.set(connection.peer, connection);
    socket.on("close", () => this.#connections.delete(connection.peer));
    this.#protocol.injectSocket(socket);
    this.#options.acknowledgeAtOnce?.(socket);
  }

  #checkTimes(): void {
    const nowMs = this.#services.monotonicMs();
    for (const connection of this.#connections.values()) connection.checkTime(nowMs);
  }
}
