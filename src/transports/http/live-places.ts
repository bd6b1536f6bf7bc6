import type { Principal } from "../../contract/principal.ts";
import { OperationError } from "../../domain/errors.ts";

/** What clients may keep open: sockets and streams of events together. */
export interface LivePlacesOptions {
  /** Of one account, or of one address without one. */
  readonly perCallerMax?: number;
  readonly max?: number;
}

/** An account's machines, or those behind one address. */
const PER_CALLER_MAX = 5_000;
const MAX = 20_000;

/** Counts what clients keep open, whichever door it came through, so that neither one of them nor all together take what others need. */
export class LivePlaces {
  readonly #perCallerMax: number;
  readonly #max: number;
  readonly #perCaller = new Map<string, number>();
  #open = 0;

  constructor({ perCallerMax = PER_CALLER_MAX, max = MAX }: LivePlacesOptions = {}) {
    this.#perCallerMax = perCallerMax;
    this.#max = max;
  }

  /** How many are open. */
  get open(): number {
    return this.#open;
  }

  /** Takes a place for a caller at an address; what it returns gives it back, once. Throws `limit_exceeded`. */
  enter(principal: Principal | undefined, peer: string): () => void {
    const caller = principal?.kind === "user" ? `user ${principal.name}` : `address ${withoutPort(peer)}`;
    const open = this.#perCaller.get(caller) ?? 0;
    if (open >= this.#perCallerMax) throw tooMany("connections of one caller", this.#perCallerMax);
    if (this.#open >= this.#max) throw tooMany("connections", this.#max);
    this.#perCaller.set(caller, open + 1);
    this.#open++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#open--;
      const others = (this.#perCaller.get(caller) ?? 1) - 1;
      if (others === 0) this.#perCaller.delete(caller);
      else this.#perCaller.set(caller, others);
    };
  }
}

const tooMany = (limit: string, maximum: number): OperationError =>
  new OperationError("limit_exceeded", { limit, maximum, retryAfterMs: 1000 });

/** `[2001:db8::1]:4711` without the port. */
const withoutPort = (peer: string): string => peer.replace(/:\d+$/, "");
