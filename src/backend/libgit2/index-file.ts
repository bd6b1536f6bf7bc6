import { createHash } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { FileMode, GitPath } from "../../domain/git-object.ts";
import { OID_HEX_LENGTH, type ObjectFormat, type Oid } from "../../domain/oid.ts";
import { type CachedTree, formatCacheTree, parseCacheTree } from "./cache-tree.ts";

/** Indexes whose entries are kept in memory; one of 15,000 files takes some 3 MiB. */
const CONTENTS_MAX = 4;
/** Worktrees whose index is one of these: those that began at one commit share it until they differ. */
const REMEMBERED_MAX = 512;
/** No file system's clock is coarser, in milliseconds. */
const TICK_MAX_MS = 20;

const HEADER_BYTES = 12;
const MTIME_SECONDS_AT = 8;
const MODE_AT = 24;
const SIZE_AT = 36;
const OID_AT = 40;
const EXTENDED = 0x4000;
const STAGE_SHIFT = 12;
const LENGTH_MASK = 0xfff;
const SKIP_WORKTREE = 0x4000;
const INTENT_TO_ADD = 0x2000;

/** The stat(2) data of a file as the index keeps it. */
export interface EntryStat {
  readonly ctimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly size: bigint;
}

/** One entry, where it lies in the file. */
export interface EntryPlace {
  readonly start: number;
  readonly end: number;
  readonly path: GitPath;
}

/**
 * The index of a worktree as git writes it by default (gitformat-index(5), versions 2 and 3). Throws `unsupported` for what is left to git:
 * other versions, split and sparse indexes, and entries that are intended to be added.
 */
export class IndexFile {
  readonly #bytes: Buffer;
  readonly #oidBytes: number;
  readonly #format: ObjectFormat;
  readonly #writtenAtNs: bigint;
  readonly entries: readonly EntryPlace[];
  /** Where the extensions begin. */
  readonly #extensionsAt: number;
  #tree: CachedTree | undefined;

  /** `twin` is an index of the same bytes, which has looked at them already. */
  private constructor(bytes: Buffer, format: ObjectFormat, writtenAtNs: bigint, twin?: IndexFile) {
    this.#bytes = twin === undefined ? bytes : twin.#bytes;
    this.#format = format;
    this.#oidBytes = OID_HEX_LENGTH[format] / 2;
    this.#writtenAtNs = writtenAtNs;
    if (twin !== undefined) {
      this.entries = twin.entries;
      this.#extensionsAt = twin.#extensionsAt;
      return;
    }
    const end = bytes.length - this.#oidBytes;
    if (bytes.toString("latin1", 0, 4) !== "DIRC") throw unsupported("an index that is none");
    const version = bytes.readUInt32BE(4);
    if (version !== 2 && version !== 3) throw unsupported(`an index of version ${version}`);
    const hash = createHash(format).update(bytes.subarray(0, end)).digest();
    if (!hash.equals(bytes.subarray(end))) throw unsupported("an index whose checksum is wrong");
    const { entries, at } = this.#scan(bytes.readUInt32BE(8));
    this.entries = entries;
    this.#extensionsAt = at;
    this.#tree = this.#readTree();
  }

  /** The trees that are known; whoever changes the index changes them, so that no two indexes share them. */
  get tree(): CachedTree {
    return (this.#tree ??= this.#readTree());
  }

  /** Reads the index, or answers the one that was read before where that is the same. */
  static read(gitDir: string, format: ObjectFormat): IndexFile {
    let fd: number;
    try {
      fd = openSync(join(gitDir, "index"), "r");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") throw unsupported("a worktree without an index");
      throw error;
    }
    try {
      const { ino, size, mtimeNs, ctimeNs } = fstatSync(fd, { bigint: true });
      const stamp = `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
      const known = REMEMBERED.get(gitDir);
      if (known?.stamp === stamp) return known.index;
      const bytes = Buffer.allocUnsafe(Number(size));
      for (let at = 0; at < bytes.length;) {
        const length = readSync(fd, bytes, at, bytes.length - at, at);
        if (length === 0) throw unsupported("an index that is cut");
        at += length;
      }
      const index = new IndexFile(bytes, format, mtimeNs, twinOf(bytes, format));
      // What has just been written may be replaced in the same tick of the file system's clock.
      if (Date.now() - Number(mtimeNs / 1_000_000n) > TICK_MAX_MS) remember(gitDir, { stamp, index });
      return index;
    } finally {
      closeSync(fd);
    }
  }

  /** Is this the index that these bytes are? */
  isOf(bytes: Buffer, format: ObjectFormat): boolean {
    return this.#format === format && this.#bytes.equals(bytes);
  }

  modeOf({ start }: EntryPlace): FileMode {
    return this.#bytes.readUInt32BE(start + MODE_AT);
  }

  oidOf({ start }: EntryPlace): Oid {
    return this.#bytes.toString("hex", start + OID_AT, start + OID_AT + this.#oidBytes);
  }

  /** 0, or the side of a conflict. */
  stageOf({ start }: EntryPlace): number {
    return (this.#flagsOf(start) >> STAGE_SHIFT) & 3;
  }

  /** Has it the skip-worktree bit? */
  isSkipped({ start }: EntryPlace): boolean {
    return (this.#extendedOf(start) & SKIP_WORKTREE) !== 0;
  }

  /** The place of the first entry whose path is not less. */
  lowerBound(path: GitPath): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // Byte strings compare as their bytes do.
      if (this.entries[middle]!.path < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** An entry as it stands in the file; only for files of less than 4 GiB is the size whole, as in git. */
  format(path: GitPath, mode: FileMode, oid: Oid, stat: EntryStat): Buffer {
    const fixed = OID_AT + this.#oidBytes + 2;
    const entry = Buffer.alloc((fixed + path.length + 8) & ~7);
    const low = (value: bigint) => Number(value & 0xffff_ffffn);
    const times = [stat.ctimeNs / 1_000_000_000n, stat.ctimeNs % 1_000_000_000n];
    times.push(stat.mtimeNs / 1_000_000_000n, stat.mtimeNs % 1_000_000_000n);
    const numbers = [
      ...times.map(low),
      low(stat.dev),
      low(stat.ino),
      mode,
      low(stat.uid),
      low(stat.gid),
      low(stat.size),
    ];
    numbers.forEach((number, index) => entry.writeUInt32BE(number, index * 4));
    entry.write(oid, OID_AT, "hex");
    entry.writeUInt16BE(Math.min(path.length, LENGTH_MASK), fixed - 2);
    entry.write(path, fixed, "latin1");
    return entry;
  }

  /** Writes the index with other entries in place of some, durably: whole or not at all. `edits` are sorted by where they begin. */
  write(
    gitDir: string,
    edits: readonly { readonly from: number; readonly to: number; readonly entry?: Buffer }[],
  ): void {
    // From here on this one is not what is in the file.
    REMEMBERED.delete(gitDir);
    const pieces: Buffer[] = [Buffer.from(this.#bytes.subarray(0, HEADER_BYTES))];
    let count = this.entries.length;
    let next = 0;
    const offset = (index: number) => this.entries[index]?.start ?? this.entries.at(-1)?.end ?? HEADER_BYTES;
    this.#doubtRacy();
    for (const { from, to, entry } of edits) {
      pieces.push(this.#bytes.subarray(offset(next), offset(from)));
      if (entry !== undefined) pieces.push(entry);
      count += (entry === undefined ? 0 : 1) - (to - from);
      next = to;
    }
    pieces.push(this.#bytes.subarray(offset(next), offset(this.entries.length)));
    pieces[0]!.writeUInt32BE(count, 8);
    const tree = formatCacheTree(this.tree);
    const head = Buffer.alloc(8);
    head.write("TREE", "latin1");
    head.writeUInt32BE(tree.length, 4);
    pieces.push(head, tree);
    const hash = createHash(this.#format);
    for (const piece of pieces) hash.update(piece);
    pieces.push(hash.digest());
    replaceIndex(gitDir, Buffer.concat(pieces));
  }

  /**
   * What was changed in the moment when the index was written may have been changed once more: such an entry loses its size, so that git looks
   * into the file (gitformat-index(5) and racy-git).
   */
  #doubtRacy(): void {
    const bytes = this.#bytes;
    const seconds = Number(this.#writtenAtNs / 1_000_000_000n);
    const nanoseconds = Number(this.#writtenAtNs % 1_000_000_000n);
    for (const { start } of this.entries) {
      const at = bytes.readUInt32BE(start + MTIME_SECONDS_AT);
      if (at < seconds || (at === seconds && bytes.readUInt32BE(start + MTIME_SECONDS_AT + 4) < nanoseconds)) continue;
      bytes.writeUInt32BE(0, start + SIZE_AT);
    }
  }

  #flagsOf(start: number): number {
    return this.#bytes.readUInt16BE(start + OID_AT + this.#oidBytes);
  }

  #extendedOf(start: number): number {
    const isExtended = (this.#flagsOf(start) & EXTENDED) !== 0;
    return isExtended ? this.#bytes.readUInt16BE(start + OID_AT + this.#oidBytes + 2) : 0;
  }

  #scan(count: number): { entries: EntryPlace[]; at: number } {
    const entries: EntryPlace[] = [];
    let at = HEADER_BYTES;
    for (let index = 0; index < count; index++) {
      const flags = this.#flagsOf(at);
      const isExtended = (flags & EXTENDED) !== 0;
      if (isExtended && (this.#extendedOf(at) & INTENT_TO_ADD) !== 0)
        throw unsupported("an entry intended to be added");
      const name = at + OID_AT + this.#oidBytes + (isExtended ? 4 : 2);
      const length = flags & LENGTH_MASK;
      const nameEnd = length < LENGTH_MASK ? name + length : this.#bytes.indexOf(0, name);
      const end = at + ((nameEnd - at + 8) & ~7);
      entries.push({ start: at, end, path: this.#bytes.toString("latin1", name, nameEnd) });
      at = end;
    }
    return { entries, at };
  }

  /** The cached trees; what else is optional (a capital letter) is left out when the index is written. */
  #readTree(): CachedTree {
    const end = this.#bytes.length - this.#oidBytes;
    let tree: CachedTree | undefined;
    for (let at = this.#extensionsAt; at + 8 <= end;) {
      const name: ByteString = this.#bytes.toString("latin1", at, at + 4);
      const length = this.#bytes.readUInt32BE(at + 4);
      at += 8;
      if (name === "TREE") tree = parseCacheTree(this.#bytes.subarray(at, at + length), this.#oidBytes);
      else if (!/^[A-Z]/.test(name)) throw unsupported(`an index with ${name}`);
      at += length;
    }
    return tree ?? { name: "", entryCount: -1, oid: undefined, folders: [] };
  }
}

interface Remembered {
  readonly stamp: string;
  readonly index: IndexFile;
}

/** The indexes that were read last. */
const REMEMBERED = new Map<string, Remembered>();

function remember(gitDir: string, one: Remembered): void {
  REMEMBERED.delete(gitDir);
  REMEMBERED.set(gitDir, one);
  for (const oldest of REMEMBERED.keys()) {
    const contents = new Set([...REMEMBERED.values()].map(({ index }) => index.entries));
    if (REMEMBERED.size <= REMEMBERED_MAX && contents.size <= CONTENTS_MAX) return;
    REMEMBERED.delete(oldest);
  }
}

/** An index in memory that has the same bytes. */
function twinOf(bytes: Buffer, format: ObjectFormat): IndexFile | undefined {
  const contents = new Map([...REMEMBERED.values()].map(({ index }) => [index.entries, index]));
  return [...contents.values()].find((index) => index.isOf(bytes, format));
}

/** `index.lock` keeps plain git out, as it keeps us out. */
function replaceIndex(gitDir: string, bytes: Buffer): void {
  const lock = join(gitDir, "index.lock");
  let fd: number;
  try {
    fd = openSync(lock, "wx", 0o644);
  } catch (error) {
    // Somebody works there with plain git: it knows how long to wait.
    if ((error as { code?: string }).code === "EEXIST") throw unsupported("an index that is locked");
    throw error;
  }
  try {
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(lock, join(gitDir, "index"));
  } catch (error) {
    rmSync(lock, { force: true });
    throw error;
  }
}

export function unsupported(what: string): OperationError {
  return new OperationError("unsupported", { what });
}
