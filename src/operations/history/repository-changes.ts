import type { Context } from "../../contract/context.ts";
import type { PendingEvent } from "../../contract/events.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import { OperationError } from "../../domain/errors.ts";

/**
 * Tells that something has changed in a repository, for an operation that looks for itself at what. However much happens while it is
 * busy, it is told once.
 */
export class RepositoryChanges {
  readonly #place: RepositoryRef;
  readonly #ending = new AbortController();
  readonly #forget: () => void;
  #isChanged = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  private constructor(ctx: Context, place: RepositoryRef) {
    this.#place = place;
    const gone = () => this.#ending.abort();
    if (ctx.signal.aborted) gone();
    ctx.signal.addEventListener("abort", gone, { once: true });
    this.#forget = () => ctx.signal.removeEventListener("abort", gone);
  }

  /** Begins: nothing that happens from now on is missed. */
  static async begin(ctx: Context, place: RepositoryRef): Promise<RepositoryChanges> {
    const changes = new RepositoryChanges(ctx, place);
    const selection = { repositories: [place], signal: changes.#ending.signal };
    const events = ctx.events.watch(selection)[Symbol.asyncIterator]();
    await events.next();
    void changes.#listen(events);
    return changes;
  }

  /** Waits for a change; false when the caller has gone. Throws `repository_not_found` when the repository has. */
  async next(): Promise<boolean> {
    for (;;) {
      if (this.#failure !== undefined) await Promise.reject(this.#failure.error);
      if (this.#ending.signal.aborted) return false;
      if (this.#isChanged) {
        this.#isChanged = false;
        return true;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  stop(): void {
    this.#forget();
    this.#ending.abort();
  }

  async #listen(events: AsyncIterator<readonly PendingEvent[]>): Promise<void> {
    try {
      for (let batch = await events.next(); batch.done !== true; batch = await events.next()) {
        this.#isChanged = true;
        if (batch.value.some((event) => this.#isEnd(event)))
          this.#failure ??= {
            error: new OperationError("repository_not_found", { repository: this.#place.relativePath }),
          };
        this.#wake?.();
      }
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#wake?.();
  }

  /** What is made under the name later is another repository. */
  #isEnd({ name, repositories: [before] }: PendingEvent): boolean {
    if (name !== "repository_deleted" && name !== "repository_renamed") return false;
    return before?.relativePath === this.#place.relativePath && before.storage === this.#place.storage;
  }
}
