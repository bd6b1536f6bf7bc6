import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitBackend } from "../../src/backend/backend.ts";
import { createShellBackend } from "../../src/backend/shell/shell-backend.ts";
import type { OpenRepository, Repositories } from "../../src/contract/context.ts";
import type { Caller } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { EventBus } from "../../src/events/event-bus.ts";
import { Journal } from "../../src/events/journal.ts";
import type { ChangeEvent } from "../../src/events/journal-record.ts";
import { Hooks } from "../../src/refs/hooks.ts";
import { recover } from "../../src/refs/recovery.ts";
import { RefDoor } from "../../src/refs/ref-door.ts";
import { NO_REF_POLICY, type RefPolicy } from "../../src/refs/ref-policy.ts";
import { createRepositoryOpener, type RepositoryOpener } from "../../src/refs/repository-opener.ts";
import { LockTable } from "../../src/storage/lock-table.ts";
import { Pins } from "../../src/storage/pins.ts";
import { StoredRepositories } from "../../src/storage/repositories.ts";
import { RepositoryLocator } from "../../src/storage/repository-locator.ts";
import { RepositoryLocks } from "../../src/storage/repository-locks.ts";
import { createStorages, type Storages } from "../../src/storage/storages.ts";

export const CALLER: Caller = {
  principal: { kind: "service", name: "service" },
  door: "gitaly",
  requestId: "request-1",
  peer: "127.0.0.1",
  signal: new AbortController().signal,
  actor: { id: "user-1", username: "janedoe", name: Buffer.from("Jane Doe"), email: Buffer.from("jane@example.com") },
  glRepository: "project-1",
  glProjectPath: "group/project",
};

export interface StoreOptions {
  /** Wraps the backend, for faults. */
  readonly wrap?: (git: GitBackend) => GitBackend;
  readonly globalHooks?: string;
  readonly hookTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly policy?: RefPolicy;
}

/** Storage, references and events together as the server has them, in a temporary directory, without engine and doors. */
export class TemporaryStore {
  readonly directory: string;
  readonly root: string;
  readonly storages: Storages;
  readonly locator: RepositoryLocator;
  readonly locks: RepositoryLocks;
  readonly pins: Pins;
  readonly bus: EventBus;
  readonly journal: Journal;
  readonly git: GitBackend;
  readonly opener: RepositoryOpener;
  readonly repositories: Repositories;
  /** How much later than it is the locator believes it to be. */
  aheadMs = 0;
  /** What the bus has told. */
  readonly events: ChangeEvent[] = [];
  /** Hooks that failed when it did not matter any more. */
  readonly ignoredFailures: unknown[] = [];

  private constructor(directory: string, storages: Storages, options: StoreOptions) {
    const timeoutMs = options.lockTimeoutMs ?? 10_000;
    this.directory = directory;
    this.root = join(directory, "repositories");
    this.storages = storages;
    this.locator = new RepositoryLocator(storages, { nowMs: () => Date.now() + this.aheadMs });
    this.locks = new RepositoryLocks(new LockTable(), { timeoutMs });
    this.pins = new Pins({ timeoutMs });
    this.bus = new EventBus((error) => this.ignoredFailures.push(error));
    this.bus.subscribe((event) => this.events.push(event));
    this.journal = Journal.open({
      directory: join(directory, "journal"),
      keepDays: 30,
      clock: { nowMs: () => Date.now() },
      bus: this.bus,
    });
    const { git, journal, locator, locks, pins } = {
      ...this,
      git: (options.wrap ?? ((same) => same))(createShellBackend()),
    };
    this.git = git;
    const hooks = new Hooks({
      globalDirectory: options.globalHooks,
      timeoutMs: options.hookTimeoutMs ?? 10_000,
      onIgnoredFailure: (_hook, _gitDir, error) => this.ignoredFailures.push(error),
    });
    const door = new RefDoor({ journal, locks, hooks, policy: options.policy ?? NO_REF_POLICY });
    this.opener = createRepositoryOpener({
      locator,
      locks,
      pins,
      door,
      git,
      journal,
      seesAll: () => true,
      authorise: () => {},
      recordCreation: (_ref, _caller, publish) => publish(),
    });
    this.repositories = new StoredRepositories({
      storages,
      locator,
      locks,
      pins,
      forget: async () => {},
      onDeleteFailed: (_gitDir, error) => this.ignoredFailures.push(error),
    });
  }

  /** Opens a store; in the directory of an earlier one it goes on where that one ended. */
  static async open(options: StoreOptions & { directory?: string } = {}): Promise<TemporaryStore> {
    const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "holdfast-store-")));
    const storages = await createStorages(new Map([["default", join(directory, "repositories")]]));
    const store = new TemporaryStore(directory, storages, options);
    const { journal, locator, git } = store;
    await recover({
      journal,
      locator,
      git,
      onRecovered: () => {},
      onFailed: (_repository, error) => store.ignoredFailures.push(error),
    });
    return store;
  }

  ref(relativePath: string): RepositoryRef {
    return { storage: "default", relativePath };
  }

  /** Makes a repository and returns its path. */
  async create(relativePath: string, objectFormat: "sha1" | "sha256" = "sha1"): Promise<string> {
    await this.repositories.create(this.ref(relativePath), { objectFormat });
    return join(this.root, relativePath);
  }

  /** Runs as an operation does: with the repository open, and given back at the end. */
  async with<T>(
    relativePath: string,
    run: (repository: OpenRepository) => Promise<T>,
    signal: AbortSignal = CALLER.signal,
  ): Promise<T> {
    const { repository, release } = await this.opener.open(this.ref(relativePath), CALLER, signal);
    try {
      return await run(repository);
    } finally {
      await release();
    }
  }

  /** Writes a commit into a quarantine and moves a branch to it; returns its id. */
  async commit(relativePath: string, branch: string, message: string, signal?: AbortSignal): Promise<string> {
    return this.with(
      relativePath,
      async (repository) => {
        const name = `refs/heads/${branch}`;
        const tip = await repository.consistently(() => repository.git.refs.read(repository.view, name));
        const quarantine = await repository.quarantine();
        const { objects } = repository.git;
        const blob = await objects.write(quarantine.view, "blob", Buffer.from(message));
        const tree = await objects.editTree(quarantine.view, undefined, [
          { path: "file.txt", mode: 0o100644, oid: blob },
        ]);
        const person = "Jane Doe <jane@example.com> 1700000000 +0000";
        const parent = tip === undefined ? "" : `parent ${tip.oid}\n`;
        const content = `tree ${tree}\n${parent}author ${person}\ncommitter ${person}\n\n${message}\n`;
        const newOid = await objects.write(quarantine.view, "commit", Buffer.from(content));
        const expectedOid = tip?.oid ?? "0".repeat(newOid.length);
        await repository.updateRefs({ changes: [{ name, newOid, expectedOid }], quarantine, hooks: "receive" });
        return newOid;
      },
      signal,
    );
  }

  /** Closes what is open and leaves the files. */
  async close(): Promise<void> {
    await this.git.close();
    await this.journal.close();
    this.storages.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
