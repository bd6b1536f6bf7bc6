import type { Clock } from "../contract/context.ts";
import type { Events, PendingEvent } from "../contract/events.ts";
import type { MirrorStep, MirrorStore } from "../contract/mirrors.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { moveOfEvent } from "./move-of-event.ts";
import { UntiringLoop } from "./untiring-loop.ts";

/** How long changes gather before they are pushed. */
const GATHER_MS = 2_000;

export interface MirrorIntakeOptions {
  readonly store: MirrorStore;
  readonly clock: Clock;
  /** The server's own view of its events: all of them. */
  readonly events: Events;
  readonly gatherMs?: number;
  /** Told that something has become due. */
  readonly onDue: () => void;
  readonly onFailed: (error: unknown) => void;
}

const CHANGES: readonly PendingEvent["name"][] = [
  "push",
  "branch_created",
  "branch_deleted",
  "tag_created",
  "tag_deleted",
  "ref_updated",
];

/** Makes push mirrors due when references change, and lets mirrors go with their repository. Loses nothing to a crash: it keeps its place. */
export class MirrorIntake {
  readonly #options: MirrorIntakeOptions;
  readonly #loop: UntiringLoop;

  constructor(options: MirrorIntakeOptions) {
    this.#options = options;
    this.#loop = new UntiringLoop({ run: (signal) => this.#follow(signal), onFailed: options.onFailed });
  }

  start(): void {
    this.#loop.start();
  }

  close(): Promise<void> {
    return this.#loop.close();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { store, events } = this.#options;
    const newest = events.newest();
    const kept = await store.cursor();
    // From here on nothing is missed, whenever the server dies.
    if (kept === undefined) await this.#step({ cursor: newest, changed: [] });
    // A database may be newer than its journal, where one of them was brought back.
    const since = kept === undefined || kept > newest ? newest : kept;
    for await (const batch of events.watch({ since, admin: false, signal })) await this.#take(batch);
  }

  async #take(batch: readonly PendingEvent[]): Promise<void> {
    let changed = new Map<string, RepositoryRef>();
    for (const event of batch) {
      const [from] = event.repositories;
      if (from === undefined) continue;
      if (CHANGES.includes(event.name)) changed.set(`${from.storage}\0${from.relativePath}`, from);
      const move = moveOfEvent(event);
      if (move === undefined) continue;
      await this.#step({ cursor: event.id, changed: [...changed.values()], move });
      changed = new Map();
    }
    const last = batch.at(-1);
    if (changed.size > 0 && last !== undefined) await this.#step({ cursor: last.id, changed: [...changed.values()] });
  }

  async #step(step: Pick<MirrorStep, "cursor" | "changed" | "move">): Promise<void> {
    const { store, clock, gatherMs = GATHER_MS, onDue } = this.#options;
    const nowMs = clock.nowMs();
    await store.follow({ ...step, nowMs, dueAtMs: nowMs + gatherMs });
    onDue();
  }
}
