import type { Context } from "../../contract/context.ts";
import type { DeliveredEvent, PendingEvent } from "../../contract/events.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import type { AccessLevel } from "../../domain/access-level.ts";
import { EVENTS_BEGIN, EVENTS_EXPIRED } from "../../domain/event-names.ts";
import { administers } from "./administers.ts";

/**
 * Decides, event by event, what one reader may be told. Rights may change while he listens, so that each event is looked at when its
 * turn comes. Thousands may wait for the same event: what is known at once is answered at once.
 */
export class ReadableEvents {
  readonly #ctx: Context;
  readonly #names: ReadonlySet<string> | undefined;
  /** Repositories that the reader could read when he was last told of them: he may learn that they are gone. */
  readonly #couldRead = new Set<string>();

  /** Of events that he has no wish for it is looked as well at who may read: of the end of what he could read he may hear. */
  constructor(ctx: Context, reading: readonly RepositoryRef[] = [], names?: ReadonlySet<string>) {
    this.#ctx = ctx;
    this.#names = names;
    for (const one of reading) this.#couldRead.add(nameOf(one));
  }

  /** The event with all its facts; undefined where the reader may not have it, or has no wish for it. */
  tell(event: PendingEvent): DeliveredEvent | undefined | Promise<DeliveredEvent | undefined> {
    // Events of administration are handed over only where the operation has asked for them.
    const place = event.repositories.at(-1);
    if (event.name === EVENTS_BEGIN || event.name === EVENTS_EXPIRED) return event.deliver();
    if (place === undefined) return this.#deliver(event);
    const all = administers(this.#ctx);
    if (all instanceof Promise) return all.then((may) => (may ? this.#deliver(event) : this.#tellReader(event, place)));
    return all ? this.#deliver(event) : this.#tellReader(event, place);
  }

  #tellReader(
    event: PendingEvent,
    place: RepositoryRef,
  ): DeliveredEvent | undefined | Promise<DeliveredEvent | undefined> {
    if (event.isOutlived()) return undefined;
    if (event.name === "repository_deleted") return this.#tellEnd(event, place);
    const { identity, caller } = this.#ctx;
    const level = identity.access.levelOf(caller.principal, place);
    return level instanceof Promise
      ? level.then((found) => this.#tellAt(found, event, place))
      : this.#tellAt(level, event, place);
  }

  #tellAt(
    level: AccessLevel,
    event: PendingEvent,
    place: RepositoryRef,
  ): DeliveredEvent | undefined | Promise<DeliveredEvent> {
    if (level === "no-access") {
      this.#couldRead.delete(nameOf(place));
      return undefined;
    }
    this.#couldRead.add(nameOf(place));
    return this.#deliver(event);
  }

  #deliver(event: PendingEvent): DeliveredEvent | undefined | Promise<DeliveredEvent> {
    return this.#names === undefined || this.#names.has(event.name) ? event.deliver() : undefined;
  }

  /**
   * Of what is gone nobody knows any more who could read it: only who was reading hears of its end. Where something has its name again
   * it may have been the end of another.
   */
  async #tellEnd(event: PendingEvent, place: RepositoryRef): Promise<DeliveredEvent | undefined> {
    const wasReading = this.#couldRead.delete(nameOf(place));
    return wasReading && !(await this.#ctx.repositories.exists(place)) ? this.#deliver(event) : undefined;
  }
}

const nameOf = ({ storage, relativePath }: RepositoryRef): string => `${storage}\0${relativePath}`;
