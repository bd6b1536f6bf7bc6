import { endMoment } from "../domain/moment.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { RepositoryLocator } from "../storage/repository-locator.ts";

/** Repositories of which the last change is remembered; the others have number 0, as before their first change. */
const REMEMBERED_MAX = 20_000;

/** A number for each repository that changes with its references: the sequence number of its last change. */
export class Generations {
  readonly #last = new Map<string, bigint>();

  /** The number of a repository's last change; 0 when none is remembered. */
  of(gitDir: string): bigint {
    return this.#last.get(gitDir) ?? 0n;
  }

  /** Follows the changes that the bus tells. */
  follow(bus: EventBus, locator: RepositoryLocator): void {
    bus.subscribe(({ repository, sequence }) => {
      endMoment();
      // Administration is about no repository.
      if (repository.storage === "") return;
      const { gitDir } = locator.place(repository);
      this.#last.delete(gitDir);
      this.#last.set(gitDir, sequence);
      if (this.#last.size > REMEMBERED_MAX) this.#last.delete(this.#last.keys().next().value!);
    });
  }
}
