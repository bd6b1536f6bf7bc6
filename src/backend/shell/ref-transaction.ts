import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { ByteString } from "../../domain/bytes.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import { isZeroOid, type Oid } from "../../domain/oid.ts";
import { problemOfRefName, type RefChange, type RefName } from "../../domain/reference.ts";
import type { PreparedRefs, RepositoryView } from "../backend.ts";
import { flush } from "../flush.ts";
import { OutputReader } from "./output-reader.ts";
import { refError, UNKNOWN_OID } from "./ref-errors.ts";
import type { GitRunner, StartedGit } from "./run-git.ts";

/** A name is a path below the repository, of which the system takes 4,096 bytes. */
const NAME_BYTES_MAX = 4000;

/** Reads the values of references; zeros for those that do not exist. */
export type ReadValues = (view: RepositoryView, names: readonly RefName[]) => Promise<Oid[]>;

/**
 * Prepares changes in a `git update-ref --stdin` process (git-update-ref(1)), which then holds all locks until it is told to commit
 * or to abort. Should this process die, git sees the end of its input and gives the locks back.
 */
export async function prepareRefs(
  runner: GitRunner,
  readValues: ReadValues,
  view: RepositoryView,
  changes: readonly RefChange[],
  options: { deref: boolean },
): Promise<PreparedRefs> {
  refuseBadNames(changes);
  refuseHeadRemoval(changes, options);
  // References must not point at objects that are only in a quarantine.
  const { quarantineDir: _, ...plainView } = view;
  const flags = options.deref ? [] : ["--no-deref"];
  const started = await runner.start(plainView, { command: "updateRefs", flags }, { stdin: true, longLived: true });
  const transaction = new Transaction(started);
  try {
    await transaction.prepare(changes, view.signal, runner.limits.runTimeoutMs);
    const oldOids = await oldValues(readValues, plainView, changes);
    const directories = await directoriesOf(view, changes, options.deref);
    return {
      oldOids,
      commit: async () => {
        await transaction.end("commit", changes);
        await flushAll(view.gitDir, directories);
      },
      abort: () => transaction.end("abort", changes),
    };
  } catch (error) {
    await transaction.leave(hasReason(error, "limit_exceeded"));
    throw await withActual(error, readValues, plainView);
  }
}

class Transaction {
  readonly #started: StartedGit;
  readonly #output: OutputReader;

  constructor(started: StartedGit) {
    this.#started = started;
    this.#output = new OutputReader(started.child.stdout);
  }

  /** Takes the locks. Until then, but not later, the caller may cancel. */
  async prepare(changes: readonly RefChange[], signal: AbortSignal | undefined, timeoutMs: number): Promise<void> {
    const gaveUp = Promise.withResolvers<never>();
    const cancel = () => gaveUp.reject(new OperationError("canceled", {}));
    const expire = () =>
      gaveUp.reject(
        new OperationError("limit_exceeded", { limit: "run time of git in ms", maximum: timeoutMs, retryAfterMs: 0 }),
      );
    const timer = setTimeout(expire, timeoutMs);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      if (signal?.aborted === true) throw new OperationError("canceled", {});
      this.#say(`start\0${changes.map(updateCommand).join("")}prepare\0`);
      await Promise.race([this.#prepared(changes), gaveUp.promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    }
  }

  async end(verb: "commit" | "abort", changes: readonly RefChange[]): Promise<void> {
    this.#say(`${verb}\0`);
    await this.#expect(verb, changes);
    this.#started.child.stdin.end();
    await this.#started.finish();
    await this.#started.dispose();
  }

  /**
   * Leaves a transaction that will not be committed: git aborts at the end of its input. It is not killed, since a signal between the
   * making of a lock file and git's note of it would leave the file behind. Until its end it may hold locks or take more, which is
   * waited for unless it is stuck.
   */
  async leave(stuck: boolean): Promise<void> {
    const { child } = this.#started;
    child.leave();
    if (!stuck) await child.ended;
  }

  async #prepared(changes: readonly RefChange[]): Promise<void> {
    await this.#expect("start", changes);
    await this.#expect("prepare", changes);
  }

  #say(text: ByteString): void {
    this.#started.child.stdin.write(Buffer.from(text, "latin1"));
  }

  async #expect(verb: string, changes: readonly RefChange[]): Promise<void> {
    if ((await this.#output.line()) === `${verb}: ok`) return;
    try {
      this.#started.child.stdin.end();
      await this.#started.finish();
    } catch (error) {
      throw refError(error, changes);
    }
    throw new OperationError(
      "git_failed",
      { command: "update-ref", exitCode: 0 },
      { context: { argv: this.#started.argv, verb } },
    );
  }
}

/** An empty old value means that none is expected; a new value of zeros deletes. */
function updateCommand({ name, newOid, expectedOid }: RefChange): ByteString {
  return `update ${name}\0${newOid}\0${expectedOid ?? ""}\0`;
}

/** Git would do it, and then no longer take the directory for a repository. */
function refuseHeadRemoval(changes: readonly RefChange[], { deref }: { deref: boolean }): void {
  if (deref || !changes.some(({ name, newOid }) => name === "HEAD" && isZeroOid(newOid))) return;
  throw new OperationError("invalid_reference_name", { references: ["HEAD"], problem: "cannot be deleted" });
}

function refuseBadNames(changes: readonly RefChange[]): void {
  const bad = changes.map(({ name }) => name).filter((name) => problemOf(name) !== undefined);
  if (bad.length === 0) return;
  throw new OperationError("invalid_reference_name", { references: bad, problem: problemOf(bad[0]!)! });
}

/** The locks are held, so what is read now is what will be replaced. */
async function oldValues(readValues: ReadValues, view: RepositoryView, changes: readonly RefChange[]): Promise<Oid[]> {
  if (changes.every(({ expectedOid }) => expectedOid !== undefined))
    return changes.map(({ expectedOid }) => expectedOid!);
  return await readValues(
    view,
    changes.map(({ name }) => name),
  );
}

/** Git does not always say what it found in place of the expected value. */
async function withActual(error: unknown, readValues: ReadValues, view: RepositoryView): Promise<unknown> {
  if (!hasReason(error, "reference_mismatch") || error.details.actual !== UNKNOWN_OID) return error;
  const [actual] = await readValues(view, [error.details.reference]);
  return new OperationError("reference_mismatch", { ...error.details, actual: actual! }, { cause: error.cause });
}

/**
 * Directories whose entries a commit changes: git flushes the files (core.fsync=reference), not the names. Those of the parents
 * count as well, since folders may come and go with a reference.
 */
async function directoriesOf(
  view: RepositoryView,
  changes: readonly RefChange[],
  deref: boolean,
): Promise<Set<ByteString>> {
  const directories = new Set<ByteString>([""]);
  for (const { name } of changes) {
    const target = deref ? await symbolicTarget(view.gitDir, name) : undefined;
    for (const changed of target === undefined ? [name] : [name, target]) {
      let folder = dirname(changed);
      while (folder !== ".") {
        directories.add(folder);
        folder = dirname(folder);
      }
    }
  }
  return directories;
}

async function symbolicTarget(gitDir: string, name: RefName): Promise<RefName | undefined> {
  try {
    const content = await readFile(pathBelow(gitDir, name), "latin1");
    return /^ref: *(.*?)\s*$/s.exec(content)?.[1];
  } catch {
    // Packed, or not there: no symbolic reference.
    return undefined;
  }
}

async function flushAll(gitDir: string, directories: ReadonlySet<ByteString>): Promise<void> {
  await Promise.all(
    [...directories].map((directory) =>
      flush(pathBelow(gitDir, directory)).catch((error: unknown) => {
        // Git removed the folder with its last reference.
        if ((error as { code?: string }).code !== "ENOENT" && (error as { code?: string }).code !== "ENOTDIR")
          throw error;
      }),
    ),
  );
}

function pathBelow(gitDir: string, name: ByteString): Buffer {
  return Buffer.concat([Buffer.from(`${gitDir}/`), Buffer.from(name, "latin1")]);
}

/** Git cannot lock a name that is longer than a path may be, and its message about it is cut off. */
function problemOf(name: RefName): string | undefined {
  return problemOfRefName(name) ?? (name.length > NAME_BYTES_MAX ? "is refused by git" : undefined);
}
