import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { PackOutput, PackRequest, RepositoryView } from "../backend.ts";
import { withRoom } from "../pack-room.ts";
import { readShallow } from "../read-shallow.ts";
import { missingObjects } from "./pack-problems.ts";
import { type GitRunner, type StartedGit, stderrOf } from "./run-git.ts";

/** Progress that waits for a reader; what goes beyond is dropped, since newer text replaces it anyway. */
const PROGRESS_BYTES_MAX = 64 * 1024;

/**
 * Makes a pack as upload-pack does (its create_pack_file): `pack-objects --revs`, fed with wants, haves and shallow commits. Nothing
 * is read ahead of the reader but what the pipe holds.
 */
export async function* createPack(
  runner: GitRunner,
  view: RepositoryView,
  request: PackRequest,
): AsyncGenerator<PackOutput> {
  const started = await startPacking(runner, view, request);
  try {
    const progress = new PendingProgress();
    started.child.onStderr((chunk) => progress.add(chunk));
    const chunks = (started.child.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    let next = chunks.next();
    for (;;) {
      const came = await Promise.race([next, progress.waiting()]);
      const said = progress.take();
      if (said !== undefined) yield { kind: "progress", bytes: said };
      if (came === undefined) continue;
      if (came.done === true) break;
      // Asked for before the reader has it: the pipe empties meanwhile.
      next = chunks.next();
      next.catch(() => {});
      yield { kind: "pack", bytes: request.room === undefined ? came.value : withRoom(came.value, request.room) };
    }
    await started.finish();
    const last = progress.take();
    if (last !== undefined) yield { kind: "progress", bytes: last };
  } catch (error) {
    throw await packingError(started, error);
  } finally {
    await started.dispose();
  }
}

/** Makes the same pack into a file: its bytes cost this process nothing. */
export async function* createPackInto(
  runner: GitRunner,
  view: RepositoryView,
  request: PackRequest,
  stdoutDescriptor: number,
): AsyncGenerator<Uint8Array> {
  await runner.packsMade.take(view.signal);
  try {
    yield* packInto(runner, view, request, stdoutDescriptor);
  } finally {
    runner.packsMade.give();
  }
}

async function* packInto(
  runner: GitRunner,
  view: RepositoryView,
  request: PackRequest,
  stdoutDescriptor: number,
): AsyncGenerator<Uint8Array> {
  const started = await startPacking(runner, view, request, stdoutDescriptor);
  try {
    const progress = new PendingProgress();
    started.child.onStderr((chunk) => progress.add(chunk));
    const ended = started.child.ended.then(() => true);
    for (let isOver: boolean | undefined; isOver !== true;) {
      isOver = await Promise.race([ended, progress.waiting()]);
      const said = progress.take();
      if (said !== undefined) yield said;
    }
    await started.finish();
  } catch (error) {
    throw await packingError(started, error);
  } finally {
    await started.dispose();
  }
}

async function startPacking(
  runner: GitRunner,
  view: RepositoryView,
  request: PackRequest,
  stdoutDescriptor?: number,
): Promise<StartedGit> {
  const shallow = shallowLines(view, request.shallow ?? []);
  const input = revisionsOf(view, request, shallow);
  const run = {
    command: "createPack",
    flags: flagsOf(request, shallow.length > 0),
    // All shallow commits are told on stdin; the repository's own file would forbid to go deeper.
    ...(shallow.length === 0 ? {} : { env: { GIT_SHALLOW_FILE: "" } }),
  } as const;
  const options = { stdin: true, ...(stdoutDescriptor === undefined ? {} : { stdoutDescriptor }) };
  const started = await runner.start(view, run, options);
  started.child.stdin.end(input);
  return started;
}

/** What an error while a pack was being made amounts to; the child's end tells why its output broke off. */
async function packingError(started: StartedGit, error: unknown): Promise<unknown> {
  const failure = error instanceof OperationError ? error : (started.failure(await started.child.ended) ?? error);
  return missingObjects(stderrOf(failure), failure) ?? failure;
}

function flagsOf(request: PackRequest, isShallow: boolean): string[] {
  const flags: string[] = [];
  if (request.thin) flags.push("--thin");
  if (isShallow) flags.push("--shallow");
  if (request.ofsDelta) flags.push("--delta-base-offset");
  if (request.includeTag) flags.push("--include-tag");
  if (request.filter !== undefined) flags.push(`--filter=${request.filter}`);
  return flags;
}

function revisionsOf(view: RepositoryView, { wants, haves }: PackRequest, shallow: readonly Oid[]): Buffer {
  for (const oid of [...wants, ...haves, ...shallow]) {
    if (!isOid(oid, view.objectFormat)) throw new OperationError("objects_missing", { oids: [oid] });
  }
  const lines = [...shallow.map((oid) => `--shallow ${oid}`), ...wants, "--not", ...haves, "", ""];
  return Buffer.from(lines.join("\n"), "latin1");
}

/** The client's shallow commits and, if there are any, those of the repository: upload-pack tells both. */
function shallowLines(view: RepositoryView, client: readonly Oid[]): Oid[] {
  if (client.length === 0) return [];
  return [...new Set([...client, ...readShallow(view)])];
}

/** What git said since it was last asked. */
class PendingProgress {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #wake: (() => void) | undefined;

  add(chunk: Buffer): void {
    if (this.#bytes + chunk.length <= PROGRESS_BYTES_MAX) {
      this.#pieces.push(chunk);
      this.#bytes += chunk.length;
    }
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  take(): Buffer | undefined {
    if (this.#bytes === 0) return undefined;
    const said = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    return said;
  }

  /** Resolves when something was said that nobody has taken. */
  async waiting(): Promise<undefined> {
    if (this.#bytes > 0) return undefined;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    return undefined;
  }
}
