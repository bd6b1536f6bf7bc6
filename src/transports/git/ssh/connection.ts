import type { Socket } from "node:net";
import type { Connection, Session } from "ssh2";
import type { Authenticator } from "../../../contract/authenticator.ts";
import { Authentication, type Identified } from "./authentication.ts";
import type { SshLimits } from "./limits.ts";
import { type SessionServices, SshSessionServer } from "./session.ts";

/** How long a client whose sessions have ended may take to close its connection when the door closes. */
const FAREWELL_MS = 1_000;

/** What connections are served with. */
export interface ConnectionServices extends SessionServices {
  readonly authenticator: Authenticator;
  readonly limits: SshLimits;
  readonly monotonicMs: () => number;
}

/** How long a command may still run whose caller's credential has ended. */
const ANSWER_AFTER_REVOCATION_MS = 2_000;

/** One client's connection, from the first byte to the last. */
export class SshConnection {
  readonly socket: Socket;
  readonly peer: string;
  readonly #services: ConnectionServices;
  readonly #startedAtMs: number;
  readonly #sessions = new Set<SshSessionServer>();
  #activeAtMs: number;
  #client: Connection | undefined;
  #identified: Identified | undefined;
  #stopWatching: (() => void) | undefined;
  #draining = false;

  constructor(socket: Socket, services: ConnectionServices) {
    this.socket = socket;
    this.peer = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#services = services;
    this.#startedAtMs = services.monotonicMs();
    this.#activeAtMs = this.#startedAtMs;
    // Whatever happens to the connection, its sessions hear of it.
    socket.on("close", () => this.#closed());
    socket.on("error", () => socket.destroy());
  }

  get isAuthenticated(): boolean {
    return this.#identified !== undefined;
  }

  /** The client has said its name and begins to negotiate. */
  greet(client: Connection, software: string): void {
    this.#client = client;
    const authentication = new Authentication(this.#services.authenticator, software);
    const { authenticationAttemptsMax, sessionsPerConnectionMax } = this.#services.limits;
    let attempts = 0;
    client.on("authentication", (context) => {
      if (++attempts > authenticationAttemptsMax) return this.drop();
      authentication.attempt(context).catch((error: unknown) => {
        this.#services.onBug(error, this.peer);
        this.drop();
      });
    });
    client.on("ready", () => this.#ready(authentication.identified));
    client.on("session", (accept, reject) => {
      if (this.#draining || this.#sessions.size >= sessionsPerConnectionMax) return reject();
      this.#open(accept());
    });
    // Forwarding of ports is refused; without a listener the library would not obey `no-more-sessions` either.
    client.on("request", (_accept, reject) => reject?.());
    // Told of broken packets and of broken connections: both end here, and neither is news.
    client.on("error", () => this.drop());
  }

  /** Ends a connection that takes too long for something. */
  checkTime(nowMs: number): void {
    const { loginGraceMs, idleTimeoutMs } = this.#services.limits;
    const late = this.isAuthenticated
      ? nowMs - this.#activeAtMs > idleTimeoutMs
      : nowMs - this.#startedAtMs > loginGraceMs;
    if (late) this.drop();
  }

  /** Ends the connection at once. */
  drop(): void {
    this.socket.destroy();
  }

  /** Lets what runs come to its end, then closes; new sessions are refused. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#sessions.size > 0) {
      await Promise.all([...this.#sessions].map((session) => session.ended));
      // A client that hears of the end of its connection before it has taken in its exit status reports a failure.
      await this.#closedWithin(FAREWELL_MS);
    }
    if (this.#client === undefined) this.drop();
    else this.#client.end();
  }

  #closedWithin(timeoutMs: number): Promise<void> {
    if (this.socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #ready(identified: Identified | undefined): void {
    if (identified === undefined) return this.drop();
    this.#identified = identified;
    this.#activeAtMs = this.#services.monotonicMs();
    this.#stopWatching = this.#services.authenticator.onRevoked(identified.principal, () => this.#revoked());
  }

  /** What git does ends with its credential at once; a command, which may have ended it itself, gets to its answer. */
  #revoked(): void {
    if (![...this.#sessions].some(({ administers }) => administers)) return this.drop();
    for (const session of this.#sessions) if (!session.administers) session.abort();
    const timer = setTimeout(() => this.drop(), ANSWER_AFTER_REVOCATION_MS);
    void this.drain().then(() => clearTimeout(timer));
  }

  #open(session: Session): void {
    if (this.#identified === undefined) return this.drop();
    const served = new SshSessionServer(session, this.#services, {
      ...this.#identified,
      socket: this.socket,
      peer: this.peer,
      active: () => (this.#activeAtMs = this.#services.monotonicMs()),
      drop: () => this.drop(),
    });
    this.#sessions.add(served);
    session.on("close", () => this.#sessions.delete(served));
  }

  #closed(): void {
    this.#stopWatching?.();
    for (const session of this.#sessions) session.abort();
    this.#sessions.clear();
  }
}
