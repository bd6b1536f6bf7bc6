import type { Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import { type Followed, followed } from "./followed.ts";

/** Resources that one client may follow. */
const RESOURCES_MAX = 100;
/** Clients that are remembered. */
const SESSIONS_MAX = 10_000;

/**
 * What one client of 2025 has said in earlier requests (`Mcp-Session-Id`): nothing that serves a request, only which of them it may take
 * back, and what it is to be told of.
 */
export class ClientSession {
  readonly #running = new Map<string | number, AbortController>();
  readonly #followed = new Map<string, Followed>();
  #endListening: (() => void) | undefined;

  /** Is there anything to remember? */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.#endListening === undefined;
  }

  get followed(): Iterable<Followed> {
    return this.#followed.values();
  }

  /** Begins a request: a signal that fires when the client takes it back, and what is called at its end. */
  begin(id: string | number): { readonly signal: AbortSignal; readonly end: () => void } {
    const going = new AbortController();
    this.#running.set(id, going);
    const end = () => {
      if (this.#running.get(id) === going) this.#running.delete(id);
    };
    return { signal: going.signal, end };
  }

  cancel(id: unknown): void {
    if (typeof id === "string" || typeof id === "number") this.#running.get(id)?.abort();
  }

  /** Throws `invalid_input` for what is no resource, and `limit_exceeded`. */
  follow(uri: string): void {
    const one = followed(uri);
    if (!this.#followed.has(uri) && this.#followed.size >= RESOURCES_MAX)
      throw tooMany("resources of one client", RESOURCES_MAX);
    this.#followed.set(uri, one);
  }

  unfollow(uri: string): void {
    this.#followed.delete(uri);
  }

  /** The client listens, on one stream at a time: the one before is ended. What is returned says that it has ended. */
  listen(end: () => void): () => void {
    this.#endListening?.();
    this.#endListening = end;
    return () => {
      if (this.#endListening === end) this.#endListening = undefined;
    };
  }

  end(): void {
    this.#endListening?.();
    for (const each of this.#running.values()) each.abort();
  }
}

/**
 * The sessions that clients of 2025 name. Any id is good, and every request is served without one. What somebody else names is another
 * session.
 */
export class ClientSessions {
  /** Those that were used last stand last. */
  readonly #sessions = new Map<string, ClientSession>();

  /** How many are remembered. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The session of an id. Throws `limit_exceeded`. */
  of(id: string, principal: Principal, peer: string): ClientSession {
    const name = nameOf(id, principal, peer);
    const session = this.#sessions.get(name) ?? new ClientSession();
    this.#sessions.delete(name);
    if (this.#sessions.size >= SESSIONS_MAX) this.#forget();
    this.#sessions.set(name, session);
    return session;
  }

  /** The client has said goodbye. */
  end(id: string, principal: Principal, peer: string): void {
    const name = nameOf(id, principal, peer);
    this.#sessions.get(name)?.end();
    this.#sessions.delete(name);
  }

  /** Forgets whoever was heard of longest ago and has nothing under way. */
  #forget(): void {
    for (const [name, session] of this.#sessions) {
      if (!session.isIdle) continue;
      this.#sessions.delete(name);
      return;
    }
    throw tooMany("clients at work", SESSIONS_MAX);
  }
}

/** The id belongs to whoever names it; of those without an account, to their address. */
function nameOf(id: string, { kind, user, token }: Principal, peer: string): string {
  const owner = kind === "anonymous" ? `address ${peer.replace(/:\d+$/, "")}` : `${kind} ${user?.id} ${token?.id}`;
  return `${owner}\0${id}`;
}

const tooMany = (limit: string, maximum: number) =>
  new OperationError("limit_exceeded", { limit, maximum, retryAfterMs: 1000 });
