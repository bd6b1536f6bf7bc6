import type { Principal } from "../contract/principal.ts";

/** The longest time that a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** What can stop being good. */
export type Revoked =
  | { readonly token: number }
  | { readonly key: number }
  | { readonly user: number }
  | { readonly anonymous: true };

/** Tells those who hold something open in somebody's name that his credential has ended. */
export class Revocations {
  readonly #clock: { nowMs(): number };
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock;
  }

  /** Calls back once, also when a token expires; the function that it gives ends that. */
  listen(principal: Principal, revoked: () => void): () => void {
    const names = namesOf(principal);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => {
      clearTimeout(timer);
      for (const name of names) {
        const listeners = this.#listeners.get(name);
        listeners?.delete(fire);
        if (listeners?.size === 0) this.#listeners.delete(name);
      }
    };
    const fire = () => {
      stop();
      revoked();
    };
    for (const name of names) {
      const listeners = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, listeners.add(fire));
    }
    const expiresAtMs = principal.token?.expiresAtMs;
    const waitForExpiry = () => {
      const leftMs = (expiresAtMs ?? 0) - this.#clock.nowMs();
      if (leftMs <= 0) return fire();
      timer = setTimeout(waitForExpiry, Math.min(leftMs, TIMER_MS_MAX));
      timer.unref();
    };
    // Not within this call: the caller has not got his function yet.
    if (expiresAtMs !== undefined) queueMicrotask(() => this.#isListening(names, fire) && waitForExpiry());
    return stop;
  }

  revoke(what: Revoked): void {
    // A copy: whoever is told is taken off the list.
    for (const fire of Array.from(this.#listeners.get(nameOf(what)) ?? [])) fire();
  }

  #isListening(names: readonly string[], fire: () => void): boolean {
    return names.some((name) => this.#listeners.get(name)?.has(fire));
  }
}

function namesOf({ kind, user, token, key }: Principal): string[] {
  if (kind === "anonymous") return [nameOf({ anonymous: true })];
  return [
    ...(user === undefined ? [] : [nameOf({ user: user.id })]),
    ...(token === undefined ? [] : [nameOf({ token: token.id })]),
    ...(key === undefined ? [] : [nameOf({ key: key.id })]),
  ];
}

function nameOf(what: Revoked): string {
  const [kind, id] = Object.entries(what)[0] ?? [];
  return `${kind} ${id}`;
}
