import type { RepositoryView } from "../backend/backend.ts";
import type { ObjectFormat } from "../domain/oid.ts";
import type { Pin } from "../storage/pins.ts";
import type { LocatedRepository } from "../storage/repository-locator.ts";
import type { OwnPin } from "./patient-maintenance.ts";

/** The view of an operation that has pinned the repository, which it knows. */
export class PinnedView implements RepositoryView {
  readonly gitDir: string;
  readonly objectFormat: ObjectFormat;
  readonly signal: AbortSignal;
  readonly #located: LocatedRepository;
  readonly #pin: Pin;

  constructor(located: LocatedRepository, pin: Pin, signal: AbortSignal) {
    this.gitDir = located.gitDir;
    this.objectFormat = located.objectFormat;
    this.signal = signal;
    this.#located = located;
    this.#pin = pin;
  }

  /** What the operation of a view has pinned; undefined for views of others, and for what has been made of one. */
  static ownPinOf(view: RepositoryView): OwnPin | undefined {
    return #pin in view ? view.#own : undefined;
  }

  get #own(): OwnPin {
    const { key, storage, relativePath } = this.#located;
    return { pin: this.#pin, key, repository: { storage: storage.name, relativePath } };
  }
}
