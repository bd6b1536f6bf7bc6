import { createHash, createHmac } from "node:crypto";
import type { Clock } from "../contract/context.ts";
import type { IdempotencyStore, RememberedWrite } from "../contract/idempotency.ts";
import type { Operation } from "../contract/operation.ts";
import type { Caller } from "../contract/principal.ts";
import { OperationError } from "../domain/errors.ts";
import { REASONS, type Reason, type ReasonDetails } from "../domain/reasons.ts";
import { fromTaggedJson, hashOfValue, toTaggedJson } from "../domain/tagged-json.ts";
import { openSealed, seal } from "./sealed-outcome.ts";

/** For so long a key answers what came of its write. */
export const KEYS_KEEP_MS = 24 * 60 * 60 * 1000;
/** Old keys are looked for this often. */
const PRUNE_INTERVAL_MS = 60 * 60 * 1000;
const KEY_LENGTH_MAX = 255;
const KEY = /^[\x21-\x7e]+$/;

export interface IdempotencyServices {
  readonly store: IdempotencyStore;
  readonly clock: Clock;
  /** Told why what came of a write could not be remembered: its key will say that it does not know. */
  readonly onFailed: (error: unknown) => void;
}

/** What came of a write. */
type Outcome = { readonly output: unknown } | { readonly error: { readonly reason: Reason; readonly details: object } };

type NewWrite = Omit<RememberedWrite, "outcome">;

/**
 * Writes that happen once however often they are asked for. A caller gives a key with a write; whoever repeats it with the same key, hears
 * what came of the first, also after the server has been started anew.
 */
export class Idempotency {
  readonly #services: IdempotencyServices;
  readonly #running = new Map<string, NewWrite & { readonly ended: Promise<void> }>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #pruning: Promise<void> = Promise.resolve();

  constructor(services: IdempotencyServices) {
    this.#services = services;
  }

  /** Begins to forget old keys, now and every hour. */
  start(): void {
    this.#prune();
    this.#timer = setInterval(() => this.#prune(), PRUNE_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Ends that; what is being forgotten still is. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#pruning;
  }

  #prune(): void {
    const { store, clock } = this.#services;
    this.#pruning = this.#quietly(store.prune(clock.nowMs() - KEYS_KEEP_MS));
  }

  /**
   * Runs a write under the caller's key, or answers what came of the first run: its output, or the error that would come again. It runs to its
   * end even if the caller goes away: he will ask again. Throws `idempotency_key_reused` where the key was given with another input, and
   * `idempotency_outcome_unknown` where the server died in the middle of the first run.
   */
  async once(
    operation: Operation,
    input: unknown,
    caller: Caller,
    run: (caller: Caller) => Promise<unknown>,
  ): Promise<unknown> {
    const key = checkKey(caller.idempotencyKey ?? "");
    const id = idOf(caller, key);
    const write: NewWrite = { operation: operation.name, inputHash: keyedHash(input, secretOf(caller, key)) };
    for (;;) {
      const first = this.#running.get(id);
      if (first === undefined) break;
      checkSame(first, write, key);
      // Afterwards it is remembered, or nothing has happened and this one may try.
      await unlessAborted(first.ended, caller.signal);
    }
    const ended = Promise.withResolvers<void>();
    this.#running.set(id, { ...write, ended: ended.promise });
    try {
      return await this.#runOrReplay(id, key, write, caller, run);
    } finally {
      this.#running.delete(id);
      ended.resolve();
    }
  }

  async #runOrReplay(
    id: string,
    key: string,
    write: NewWrite,
    caller: Caller,
    run: (caller: Caller) => Promise<unknown>,
  ): Promise<unknown> {
    const { store, clock } = this.#services;
    const nowMs = clock.nowMs();
    const known = await store.begin(id, write, { nowMs, notBeforeMs: nowMs - KEYS_KEEP_MS });
    if (known !== undefined) {
      checkSame(known, write, key);
      return this.#replay(known, key, caller);
    }
    let output: unknown;
    try {
      output = await run({ ...caller, signal: new AbortController().signal });
    } catch (error) {
      await this.#quietly(
        error instanceof OperationError && isFinal(error)
          ? store.end(id, sealed({ error: { reason: error.reason, details: error.details } }, caller, key))
          : store.forget(id),
      );
      throw error;
    }
    await this.#quietly(store.end(id, sealed({ output }, caller, key)));
    return output;
  }

  #replay({ outcome }: RememberedWrite, key: string, caller: Caller): unknown {
    const text = outcome === undefined ? undefined : openSealed(outcome, secretOf(caller, key));
    if (text === undefined) throw new OperationError("idempotency_outcome_unknown", { key });
    caller.onReplayed?.();
    const found = fromTaggedJson(text) as Outcome;
    if ("output" in found) return found.output;
    throw new OperationError(found.error.reason, found.error.details as ReasonDetails[Reason]);
  }

  /** The write has happened, or has not; that this cannot be written down changes nothing about it. */
  async #quietly(written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.#services.onFailed(error);
    }
  }
}

/** Would the same write fail the same way again? Not where something was missing that may come: rights, room, a server that is up. */
function isFinal({ reason, code }: OperationError): boolean {
  const { httpStatus, retry } = REASONS[reason];
  if (httpStatus >= 500 || retry === "retry") return false;
  return code !== "canceled" && code !== "unauthenticated" && code !== "permission_denied";
}

function checkKey(key: string): string {
  const problem =
    key === ""
      ? "is empty"
      : key.length > KEY_LENGTH_MAX
        ? `is longer than ${KEY_LENGTH_MAX} characters`
        : KEY.test(key)
          ? undefined
          : "has characters that are not visible ASCII";
  if (problem !== undefined) throw new OperationError("malformed_request", { part: "idempotency-key", problem });
  return key;
}

/** An input may hold a password; without the key nobody can try which one it was. */
const keyedHash = (input: unknown, secret: string): string =>
  createHmac("sha256", secret).update(hashOfValue(input)).digest("hex");

function checkSame(first: NewWrite, { operation, inputHash }: NewWrite, key: string): void {
  if (first.operation === operation && first.inputHash === inputHash) return;
  throw new OperationError("idempotency_key_reused", { key, operation: first.operation });
}

/** Whose key it is, and the key. Tokens of one user have keys of their own: one may not read what another has been answered. */
function secretOf({ principal, peer }: Caller, key: string): string {
  const { kind, name, user, token } = principal;
  // Callers without credentials share a name, and hardly an address.
  const who = user !== undefined ? [user.id, token?.id ?? 0] : kind === "anonymous" ? [peer.replace(/:\d+$/, "")] : [];
  return JSON.stringify([kind, name, ...who, key]);
}

const idOf = (caller: Caller, key: string): string => createHash("sha256").update(secretOf(caller, key)).digest("hex");

const sealed = (outcome: Outcome, caller: Caller, key: string): string =>
  seal(toTaggedJson(outcome), secretOf(caller, key));

function unlessAborted(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(new OperationError("canceled", {}));
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new OperationError("canceled", {}));
    signal.addEventListener("abort", cancel, { once: true });
    void ended.then(() => {
      signal.removeEventListener("abort", cancel);
      resolve();
    });
  });
}
