import { hasReason, OperationError } from "../domain/errors.ts";

/** How long newcomers are kept back while the last pins go, before they are let in again. */
const GATE_MAX_MS = 1000;

/** Keeps a repository where it is, until released. */
export interface Pin {
  /** Gives the pin back; further calls do nothing. */
  release(): void;
}

interface Pinned {
  readonly pins: Set<HeldPin>;
  /** Newcomers wait for this while the repository is about to go. */
  gate: Promise<void> | undefined;
}

export interface PinSettings {
  /** How long somebody waits for others' pins by default. */
  readonly timeoutMs: number;
}

export interface SettleOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** The caller's own pin, which he does not wait for. */
  readonly own?: Pin;
}

class HeldPin implements Pin {
  #released = false;
  #awaited: PromiseWithResolvers<void> | undefined;
  readonly #pins: Pins;
  readonly #key: string;
  readonly #pinned: Pinned;

  constructor(pins: Pins, key: string, pinned: Pinned) {
    this.#pins = pins;
    this.#key = key;
    this.#pinned = pinned;
  }

  /** Resolves when the pin is given back; hardly ever asked for. */
  released(): Promise<void> {
    if (this.#released) return Promise.resolve();
    this.#awaited ??= Promise.withResolvers<void>();
    return this.#awaited.promise;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#pinned.pins.delete(this)) this.#pins.dropIfIdle(this.#key, this.#pinned);
    this.#awaited?.resolve();
  }
}

/**
 * Who works on a repository pins it. Readers and writers never wait for pins; what would pull files from under them does:
 * removing, renaming and repacking.
 */
export class Pins {
  readonly #settings: PinSettings;
  readonly #pinned = new Map<string, Pinned>();

  constructor(settings: PinSettings) {
    this.#settings = settings;
  }

  /** Pins a repository; at once unless it is about to be removed or renamed. */
  pin(key: string, signal?: AbortSignal): Pin | Promise<Pin> {
    const pinned = this.#get(key);
    return pinned.gate === undefined ? this.#pin(key, pinned) : this.#pinBehind(pinned.gate, key, signal);
  }

  /** How many pins a repository has. */
  count(key: string): number {
    return this.#pinned.get(key)?.pins.size ?? 0;
  }

  /**
   * Waits until the pins that are there now have gone; newer ones do not matter. Throws `repository_locked` after the longest
   * wait, `canceled` when the signal fires.
   */
  async settle(key: string, options: SettleOptions = {}): Promise<void> {
    const pins = [...(this.#pinned.get(key)?.pins ?? [])].filter((pin) => pin !== options.own);
    if (pins.length === 0) return;
    const { promise: given, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(lockedError(key)),
      Math.max(options.timeoutMs ?? this.#settings.timeoutMs, 0),
    );
    const cancel = () => reject(new OperationError("canceled", {}));
    options.signal?.addEventListener("abort", cancel, { once: true });
    if (options.signal?.aborted) cancel();
    try {
      await Promise.race([given, Promise.all(pins.map((pin) => pin.released()))]);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", cancel);
    }
  }

  /**
   * Runs while nobody has the repository pinned; newcomers wait meanwhile. A reader that takes its time does not make others
   * wait: newcomers are kept back only when all that had pinned before have gone, and not for long.
   */
  async alone<T>(key: string, options: SettleOptions, run: () => Promise<T>): Promise<T> {
    const untilMs = performance.now() + (options.timeoutMs ?? this.#settings.timeoutMs);
    for (;;) {
      await this.settle(key, { ...options, timeoutMs: untilMs - performance.now() });
      const pinned = this.#get(key);
      if (pinned.gate !== undefined) {
        await pinned.gate;
        continue;
      }
      const gate = Promise.withResolvers<void>();
      pinned.gate = gate.promise;
      try {
        if (await this.#drains(key, { ...options, timeoutMs: GATE_MAX_MS })) return await run();
      } finally {
        pinned.gate = undefined;
        this.dropIfIdle(key, pinned);
        gate.resolve();
      }
    }
  }

  async #drains(key: string, options: SettleOptions): Promise<boolean> {
    try {
      await this.settle(key, options);
      return true;
    } catch (error) {
      if (hasReason(error, "repository_locked")) return false;
      throw error;
    }
  }

  async #pinBehind(gate: Promise<void>, key: string, signal: AbortSignal | undefined): Promise<Pin> {
    await gate;
    if (signal?.aborted) throw new OperationError("canceled", {});
    return this.pin(key, signal);
  }

  #pin(key: string, pinned: Pinned): Pin {
    const pin = new HeldPin(this, key, pinned);
    pinned.pins.add(pin);
    return pin;
  }

  #get(key: string): Pinned {
    let pinned = this.#pinned.get(key);
    if (pinned === undefined) {
      pinned = { pins: new Set(), gate: undefined };
      this.#pinned.set(key, pinned);
    }
    return pinned;
  }

  /** For pins alone: forgets a place that nobody works on. */
  dropIfIdle(key: string, pinned: Pinned): void {
    if (pinned.pins.size === 0 && pinned.gate === undefined && this.#pinned.get(key) === pinned)
      this.#pinned.delete(key);
  }
}

function lockedError(key: string): OperationError {
  return new OperationError("repository_locked", { repository: key.slice(key.indexOf("\0") + 1) });
}
