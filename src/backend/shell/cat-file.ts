import { closeSync, fstatSync, openSync, readSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { GitObject, ObjectInfo, ObjectType } from "../../domain/git-object.ts";
import type { RepositoryView } from "../backend.ts";
import { OutputReader } from "./output-reader.ts";
import { invalidRepository } from "./repository-error.ts";
import type { GitRunner, StartedGit } from "./run-git.ts";

/** Size of the pieces that `stream` hands over. */
const CHUNK_BYTES_MAX = 128 * 1024;
/** More than this is not worth reading just to throw it away: the process is ended instead. */
const SKIP_BYTES_MAX = 1024 * 1024;
const STDERR_BYTES_MAX = 16 * 1024;

const HEADER = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) ([0-9]+)$/;

/** What git says about names that mean nothing, as opposed to objects that cannot be read. */
const BENIGN = /^(?:hint:|warning:|error: short object ID|error: .*: expected .* type, but the object|fatal: log for )/;

/**
 * One `git cat-file --batch-command` process (git-cat-file(1)). One request at a time; when one was broken off, or git has
 * complained, the process is `dirty` and must not be used again. Its stderr goes to an unlinked file, so that a complaint is
 * known to be complete when the answer arrives, which two pipes cannot promise.
 */
export class CatFile {
  readonly #started: StartedGit;
  readonly #reader: OutputReader;
  readonly #stderrDescriptor: number;
  #stderrRead = 0;
  /** What git said last, once it has ended and the descriptor is closed. */
  #lastWords: string | undefined;
  #dirty = false;
  /** When the process was last given back, on the monotonic clock. */
  idleSinceMs = 0;

  private constructor(started: StartedGit, stderrDescriptor: number) {
    this.#started = started;
    this.#stderrDescriptor = stderrDescriptor;
    this.#reader = new OutputReader(started.child.stdout);
    void started.child.ended.then(() => {
      this.#lastWords = this.#said();
      closeSync(stderrDescriptor);
    });
  }

  static async start(runner: GitRunner, view: RepositoryView): Promise<CatFile> {
    const file = join(tmpdir(), `holdfast-stderr-${randomUUID()}`);
    const stderrDescriptor = openSync(file, "wx+", 0o600);
    unlinkSync(file);
    try {
      const started = await runner.start(
        view,
        { command: "catFile" },
        { stdin: true, stderrDescriptor, longLived: true },
      );
      return new CatFile(started, stderrDescriptor);
    } catch (error) {
      closeSync(stderrDescriptor);
      throw error;
    }
  }

  get usable(): boolean {
    return !this.#dirty && this.#started.child.running && !this.#reader.hasRest;
  }

  /** Asks the process to end; it is reaped by itself. */
  stop(): void {
    this.#dirty = true;
    this.#started.child.stop();
  }

  async dispose(): Promise<void> {
    this.#dirty = true;
    await this.#started.dispose();
  }

  /** Header of the object that a name stands for; undefined when there is none. */
  async info(name: ByteString): Promise<ObjectInfo | undefined> {
    this.#ask(`info ${name}\0flush\0`);
    const info = await this.#header(name);
    this.#answered();
    return info;
  }

  /** An object, cut after `bytesMax` bytes. Throws `too_large` when more than `objectBytesMax` bytes are asked for. */
  async contents(name: ByteString, objectBytesMax: number, bytesMax = Infinity): Promise<GitObject | undefined> {
    this.#ask(`contents ${name}\0flush\0`);
    return await this.#contents(name, objectBytesMax, bytesMax);
  }

  /** Headers of several objects in one go. */
  async infoOfMany(names: readonly ByteString[]): Promise<(ObjectInfo | undefined)[]> {
    if (names.length === 0) return [];
    this.#ask(`${names.map((name) => `info ${name}\0`).join("")}flush\0`);
    const infos: (ObjectInfo | undefined)[] = [];
    for (const name of names) infos.push(await this.#header(name));
    this.#answered();
    return infos;
  }

  /** Several objects in one go. */
  async contentsOfMany(names: readonly ByteString[], objectBytesMax: number): Promise<(GitObject | undefined)[]> {
    if (names.length === 0) return [];
    this.#ask(`${names.map((name) => `contents ${name}\0`).join("")}flush\0`);
    const objects: (GitObject | undefined)[] = [];
    for (const name of names) {
      objects.push(await this.#contents(name, objectBytesMax, Infinity));
      this.#dirty = true;
    }
    this.#answered();
    return objects;
  }

  /** Header and content of an object, the content piece by piece. The header is undefined when there is no such object. */
  async open(
    name: ByteString,
    bytesMax = Infinity,
  ): Promise<{ info: ObjectInfo; chunks: AsyncGenerator<Uint8Array> } | undefined> {
    this.#ask(`contents ${name}\0flush\0`);
    const info = await this.#header(name);
    if (info === undefined) {
      this.#answered();
      return undefined;
    }
    return { info, chunks: this.#chunks(name, info.size, Math.min(info.size, bytesMax)) };
  }

  async *#chunks(name: ByteString, size: number, wanted: number): AsyncGenerator<Uint8Array> {
    let left = wanted;
    while (left > 0) {
      const chunk = await this.#reader.some(Math.min(left, CHUNK_BYTES_MAX));
      if (chunk === undefined) throw await this.#broken(name);
      left -= chunk.length;
      yield chunk;
    }
    await this.#skipTo(name, size - wanted);
  }

  async #contents(name: ByteString, objectBytesMax: number, bytesMax: number): Promise<GitObject | undefined> {
    const info = await this.#header(name);
    if (info === undefined) {
      this.#answered();
      return undefined;
    }
    const wanted = Math.min(info.size, bytesMax);
    if (wanted > objectBytesMax) {
      throw new OperationError("too_large", { what: "object", sizeBytes: info.size, limitBytes: objectBytesMax });
    }
    const content = await this.#reader.exactly(wanted);
    if (content === undefined) throw await this.#broken(name);
    await this.#skipTo(name, info.size - wanted);
    return { ...info, content };
  }

  /** Goes on to the end of an object; a long way there is not gone, which leaves the process dirty. */
  async #skipTo(name: ByteString, rest: number): Promise<void> {
    if (rest > SKIP_BYTES_MAX) return;
    if (!(await this.#reader.skip(rest + 1))) throw await this.#broken(name);
    this.#answered();
  }

  async #header(name: ByteString): Promise<ObjectInfo | undefined> {
    const line = await this.#reader.line();
    if (line === undefined) throw await this.#broken(name);
    const [, oid, type, size] = HEADER.exec(line) ?? [];
    // The answer to an unknown name repeats it; a name may hold newlines.
    if (oid !== undefined && line !== name.split("\n", 1)[0])
      return { oid, type: type as ObjectType, size: Number(size) };
    for (let lines = name.split("\n").length - 1; lines > 0; lines--) {
      if ((await this.#reader.line()) === undefined) throw await this.#broken(name);
    }
    const complaint = this.#complaint();
    if (complaint !== "") throw corrupt(name, complaint);
    return undefined;
  }

  #ask(request: ByteString): void {
    this.#dirty = true;
    this.#started.child.stdin.write(Buffer.from(request, "latin1"));
  }

  #answered(): void {
    this.#dirty = false;
  }

  /** What git has said on stderr since the last time, without the lines that only say that a name means nothing. */
  #complaint(): string {
    return this.#said()
      .split("\n")
      .filter((line) => line !== "" && !BENIGN.test(line))
      .join("\n");
  }

  /** What git has said on stderr since the last time; once it has ended, what it said last. */
  #said(): string {
    if (this.#lastWords !== undefined) return this.#lastWords;
    const size = fstatSync(this.#stderrDescriptor).size;
    if (size === this.#stderrRead) return "";
    const length = Math.min(size - this.#stderrRead, STDERR_BYTES_MAX);
    const bytes = Buffer.alloc(length);
    readSync(this.#stderrDescriptor, bytes, 0, length, this.#stderrRead);
    this.#stderrRead = size;
    return bytes.toString("latin1");
  }

  /** Why the process ended in the middle of an answer. */
  async #broken(name: ByteString): Promise<OperationError> {
    const end = await this.#started.child.ended;
    // What is harmless while git goes on is why it ended.
    const complaint = this.#said();
    const context = { argv: this.#started.argv, name, stderr: complaint, signal: end.signal };
    const invalid = invalidRepository(end.exitCode, complaint, context);
    if (invalid !== undefined) return invalid;
    if (/^(?:error|fatal): /m.test(complaint)) return corrupt(name, complaint);
    return new OperationError("git_failed", { command: "cat-file", exitCode: end.exitCode }, { context });
  }
}

function corrupt(name: ByteString, stderr: string): OperationError {
  return new OperationError("object_corrupt", { oid: name }, { context: { stderr } });
}
