import type { MirrorRecord, Mirrors, NewMirror } from "../contract/mirrors.ts";
import { forgetCredential, type Remotes, type RemoteSource } from "../contract/remotes.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import { OperationError } from "../domain/errors.ts";
import type { CredentialBox } from "./credential-box.ts";
import { MirrorIntake, type MirrorIntakeOptions } from "./mirror-intake.ts";
import { MirrorRunner, type MirrorRunnerOptions } from "./mirror-runner.ts";

/** Mirrors of one repository. */
const MIRRORS_MAX = 20;

export interface MirrorServiceOptions extends MirrorRunnerOptions, Omit<MirrorIntakeOptions, "onDue" | "onFailed"> {
  readonly box: CredentialBox;
  readonly remotes: Remotes;
  /** The one spelling of a repository's path. */
  readonly canonical: (repository: RepositoryRef) => RepositoryRef;
}

/** Mirrors: kept, made due by time and by changes, and run. */
export class MirrorService implements Mirrors {
  readonly #options: MirrorServiceOptions;
  readonly #intake: MirrorIntake;
  readonly #runner: MirrorRunner;

  constructor(options: MirrorServiceOptions) {
    this.#options = options;
    this.#runner = new MirrorRunner(options);
    this.#intake = new MirrorIntake({ ...options, onDue: () => this.#runner.wake() });
  }

  /** Goes on where an earlier server left off. */
  start(): void {
    this.#intake.start();
    this.#runner.wake();
  }

  async close(): Promise<void> {
    await this.#intake.close();
    await this.#runner.close();
  }

  async set({ repository, name, direction, source, intervalS }: NewMirror): Promise<MirrorRecord> {
    const { store, remotes, clock, canonical, box } = this.#options;
    try {
      const url = remotes.check(source);
      const place = canonical(repository);
      const all = await store.list(place);
      const before = all.find((one) => one.name === name);
      if (before === undefined && all.length >= MIRRORS_MAX) {
        throw new OperationError("limit_exceeded", {
          limit: "mirrors of the repository",
          maximum: MIRRORS_MAX,
          retryAfterMs: 0,
        });
      }
      // What opens one server is not sent to another, whoever changes the address.
      const same = before?.url === url ? before : undefined;
      const kept = same === undefined ? undefined : await store.credentialOf(same.id);
      const row = {
        repository: place,
        name,
        direction,
        url,
        credential: source.credential === undefined ? (kept ?? null) : box.seal(source.credential, url),
        knownHosts: source.knownHosts ?? same?.knownHosts ?? null,
        intervalS: direction === "pull" ? (intervalS ?? null) : null,
        nextRunAtMs: clock.nowMs(),
      };
      const write = () => store.set(row, clock.nowMs());
      // A run of what it was must not say how it went, nor keep the keys of another server.
      if (before !== undefined) return await this.#runner.changing(before.id, write);
      const mirror = await write();
      this.#runner.wake();
      return mirror;
    } finally {
      forgetCredential(source.credential);
    }
  }

  list(repository: RepositoryRef): Promise<readonly MirrorRecord[]> {
    const { store, canonical } = this.#options;
    return store.list(canonical(repository));
  }

  async find(repository: RepositoryRef, name: string): Promise<MirrorRecord> {
    const found = (await this.list(repository)).find((mirror) => mirror.name === name);
    if (found === undefined) throw new OperationError("mirror_not_found", { mirror: name });
    return found;
  }

  async remove(repository: RepositoryRef, name: string): Promise<MirrorRecord> {
    const mirror = await this.find(repository, name);
    await this.#runner.changing(mirror.id, () => this.#options.store.remove(mirror.id));
    return mirror;
  }

  async wake(repository: RepositoryRef, name: string): Promise<MirrorRecord> {
    const { store, clock } = this.#options;
    const { id } = await this.find(repository, name);
    await store.makeDue(id, clock.nowMs());
    const mirror = await this.find(repository, name);
    this.#runner.wake();
    return mirror;
  }

  isRunning({ id }: MirrorRecord): boolean {
    return this.#runner.isRunning(id);
  }

  async sourceOf({ id, url, knownHosts }: MirrorRecord): Promise<RemoteSource> {
    const { store, box, onFailed } = this.#options;
    const sealed = await store.credentialOf(id);
    return {
      url,
      ...(sealed === undefined ? {} : { credential: box.open(sealed, url) }),
      ...(knownHosts === undefined ? {} : { knownHosts }),
      onHostKeys: (found) => void store.keepHostKeys(id, url, found).catch(onFailed),
    };
  }
}
