import type { Context } from "../../contract/context.ts";
import type { DeliveredEvent, PendingEvent } from "../../contract/events.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import { administers } from "./administers.ts";
import { EVENTS_BEGIN, EVENTS_EXPIRED } from "../../domain/event-names.ts";

/**
 * Decides, event by event, what one reader may be told. Rights may change while he listens, so that each event is looked at when its
 * turn comes.
 */
export class ReadableEvents {
  readonly #ctx: Context;
  /** Repositories that the reader could read when he was last told of them: he may learn that they are gone. */
  readonly #couldRead = new Set<string>();

  constructor(ctx: Context, reading: readonly RepositoryRef[] = []) {
    this.#ctx = ctx;
    for (const one of reading) this.#couldRead.add(nameOf(one));
  }

  /** Those of the events that the reader may have, with all their facts. */
  async *deliver(batch: readonly PendingEvent[]): AsyncGenerator<DeliveredEvent> {
    for (const event of batch) {
      const allowed = this.#allows(event);
      if (!(allowed instanceof Promise ? await allowed : allowed)) continue;
      const delivered = event.deliver();
      yield delivered instanceof Promise ? await delivered : delivered;
    }
  }

  #allows(event: PendingEvent): boolean | Promise<boolean> {
    // Events of administration are handed over only where the operation has asked for them.
    const place = event.repositories.at(-1);
    if (place === undefined || event.name === EVENTS_BEGIN || event.name === EVENTS_EXPIRED) return true;
    return this.#mayRead(event, place);
  }

  async #mayRead(event: PendingEvent, place: RepositoryRef): Promise<boolean> {
    if (await administers(this.#ctx)) return true;
    if (event.isOutlived()) return false;
    const isThere = await this.#ctx.repositories.exists(place);
    // Of what is gone nobody knows any more who could read it; only who was reading hears of its end.
    if (event.name === "repository_deleted") return this.#couldRead.delete(nameOf(place)) && !isThere;
    if (!isThere) return false;
    const { identity, caller } = this.#ctx;
    const may = (await identity.access.levelOf(caller.principal, place)) !== "no-access";
    if (may) this.#couldRead.add(nameOf(place));
    else this.#couldRead.delete(nameOf(place));
    return may;
  }
}

const nameOf = ({ storage, relativePath }: RepositoryRef): string => `${storage}\0${relativePath}`;
