import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { type ByteString, fromByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { FileMode, GitPath } from "../../domain/git-object.ts";
import { OID_HEX_LENGTH, type ObjectFormat, type Oid } from "../../domain/oid.ts";
import { type CachedTree, formatCacheTree, parseCacheTree } from "./cache-tree.ts";
import { RecentIndexes, stampOf } from "./recent-indexes.ts";
import { replaceIndex } from "./replace-index.ts";

/** No file system's clock is coarser, in milliseconds. */
const TICK_MAX_MS = 20;

const HEADER_BYTES = 12;
const MTIME_SECONDS_AT = 8;
const MODE_AT = 24;
const SIZE_AT = 36;
const OID_AT = 40;
const EXTENDED = 0x4000;
const STAGE_MASK = 0x3000;
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

/** Entries from one position to before another give way to one, or to none. */
export interface IndexEdit {
  readonly from: number;
  readonly to: number;
  readonly entry?: Buffer;
}

/** What an index is made of: shared by worktrees whose indexes are the same bytes, and never changed. */
interface IndexContent {
  readonly bytes: Buffer;
  /** Where each entry begins, and behind the last one where the extensions do. */
  readonly starts: Uint32Array;
  readonly hasConflicts: boolean;
}

/**
 * The index of a worktree as git writes it by default (gitformat-index(5), versions 2 and 3). Entries are named by their positions, and looked at
 * where they lie. Throws `unsupported` for what is left to git: other versions, split and sparse indexes, and entries that are intended to be added.
 */
export class IndexFile {
  readonly #content: IndexContent;
  readonly #format: ObjectFormat;
  readonly #oidBytes: number;
  /** What stat says of the file. */
  readonly #stamp: string;
  readonly #writtenAtNs: bigint;
  #tree: CachedTree | undefined;

  private constructor(content: IndexContent, format: ObjectFormat, written: IndexStat, tree?: CachedTree) {
    this.#content = content;
    this.#format = format;
    this.#oidBytes = OID_HEX_LENGTH[format] / 2;
    this.#stamp = stampOf(written);
    this.#writtenAtNs = written.mtimeNs;
    this.#tree = tree;
  }

  /** Reads the index, or answers the one that was read or written before where that is the same. */
  static read(gitDir: string, format: ObjectFormat): IndexFile {
    let fd: number;
    try {
      fd = openSync(join(gitDir, "index"), "r");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") throw unsupported("a worktree without an index");
      throw error;
    }
    try {
      const stat = fstatSync(fd, { bigint: true });
      const known = RECENT.find(gitDir, stampOf(stat));
      if (known !== undefined) return known;
      const bytes = Buffer.allocUnsafe(Number(stat.size));
      for (let at = 0; at < bytes.length;) {
        const length = readSync(fd, bytes, at, bytes.length - at, at);
        if (length === 0) throw unsupported("an index that is cut");
        at += length;
      }
      const twin = RECENT.twin((index) => index.#format === format && index.#content.bytes.equals(bytes));
      const index = new IndexFile(twin === undefined ? readContent(bytes, format) : twin.#content, format, stat);
      // What cannot be read is told now, not when the trees are needed.
      void index.tree;
      // What has just been written may be replaced in the same tick of the file system's clock.
      if (Date.now() - Number(stat.mtimeNs / 1_000_000n) > TICK_MAX_MS) RECENT.keep(gitDir, index);
      return index;
    } finally {
      closeSync(fd);
    }
  }

  /** Lets go of what is kept of a worktree. */
  static forget(gitDir: string): void {
    RECENT.forget(gitDir);
  }

  /** The stamp of the file that this was read from, or written to. */
  get stamp(): string {
    return this.#stamp;
  }

  /** What is shared where indexes are the same. */
  get content(): object {
    return this.#content;
  }

  /** The trees that are known; whoever changes the index changes them, so that no two indexes share them. */
  get tree(): CachedTree {
    return (this.#tree ??= readTree(this.#content, this.#oidBytes));
  }

  get count(): number {
    return this.#content.starts.length - 1;
  }

  /** Are there entries of more than stage 0? */
  get hasConflicts(): boolean {
    return this.#content.hasConflicts;
  }

  /** Undefined behind the last entry. */
  pathAt(position: number): GitPath | undefined {
    if (position >= this.count) return undefined;
    const { bytes } = this.#content;
    const name = this.#nameAt(position);
    return bytes.toString("latin1", name, bytes.indexOf(0, name));
  }

  modeAt(position: number): FileMode {
    return this.#content.bytes.readUInt32BE(this.#content.starts[position]! + MODE_AT);
  }

  oidAt(position: number): Oid {
    const start = this.#content.starts[position]!;
    return this.#content.bytes.toString("hex", start + OID_AT, start + OID_AT + this.#oidBytes);
  }

  /** 0, or the side of a conflict. */
  stageAt(position: number): number {
    return (flagsOf(this.#content.bytes, this.#content.starts[position]!, this.#oidBytes) & STAGE_MASK) >> STAGE_SHIFT;
  }

  /** Has it the skip-worktree bit? */
  isSkippedAt(position: number): boolean {
    const { bytes, starts } = this.#content;
    return (extendedOf(bytes, starts[position]!, this.#oidBytes) & SKIP_WORKTREE) !== 0;
  }

  /** The position of the first entry whose path is not less. */
  lowerBound(path: GitPath): number {
    const { bytes } = this.#content;
    const wanted = fromByteString(path);
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const name = this.#nameAt(middle);
      if (bytes.compare(wanted, 0, wanted.length, name, bytes.indexOf(0, name)) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Does any path end so? */
  hasPathEnding(end: ByteString): boolean {
    const { bytes, starts } = this.#content;
    const wanted = Buffer.from(`${end}\0`, "latin1");
    const found = bytes.indexOf(wanted, HEADER_BYTES);
    return found >= 0 && found < starts[starts.length - 1]!;
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

  /**
   * Writes the index with other entries in place of some, durably: whole or not at all. `edits` are sorted by where they begin; `writeObjects` writes
   * what they name, durably. Throws `unsupported` where plain
   * git has locked it, or has written another one since this was read.
   */
  async write(
    gitDir: string,
    edits: readonly IndexEdit[],
    writeObjects: () => Promise<void> = async () => {},
  ): Promise<void> {
    const tree = this.tree;
    const bytes = this.#edited(edits, formatCacheTree(tree));
    // From here on this one is not what is in the file.
    RECENT.forget(gitDir);
    const unhashed = bytes.subarray(0, bytes.length - this.#oidBytes);
    const hash = () => {
      createHash(this.#format).update(unhashed).digest().copy(bytes, unhashed.length);
      return bytes.subarray(unhashed.length);
    };
    const written = await replaceIndex(gitDir, this.#stamp, { unhashed, hash }, writeObjects);
    if (written === undefined) throw unsupported("an index that plain git works with");
    RECENT.keep(gitDir, new IndexFile(scanned(bytes, this.#oidBytes), this.#format, written, tree));
  }

  #nameAt(position: number): number {
    const { bytes, starts } = this.#content;
    const start = starts[position]!;
    const isExtended = (flagsOf(bytes, start, this.#oidBytes) & EXTENDED) !== 0;
    return start + OID_AT + this.#oidBytes + (isExtended ? 4 : 2);
  }

  /** The index with these edits, but for the hash at its end. */
  #edited(edits: readonly IndexEdit[], tree: Buffer): Buffer {
    const { starts } = this.#content;
    const added = edits.reduce((sum, { entry }) => sum + (entry?.length ?? 0), 0);
    const removed = edits.reduce((sum, { from, to }) => sum + starts[to]! - starts[from]!, 0);
    const entriesEnd = starts[this.count]! + added - removed;
    const bytes = Buffer.allocUnsafe(entriesEnd + 8 + tree.length + this.#oidBytes);
    let at = this.#content.bytes.copy(bytes, 0, 0, HEADER_BYTES);
    let count = 0;
    let next = 0;
    for (const { from, to, entry } of [...edits, { from: this.count, to: this.count, entry: undefined }]) {
      count += from - next;
      at = this.#copy(next, from, bytes, at);
      if (entry !== undefined) {
        at += entry.copy(bytes, at);
        count++;
      }
      next = to;
    }
    bytes.writeUInt32BE(count, 8);
    bytes.write("TREE", at, "latin1");
    bytes.writeUInt32BE(tree.length, at + 4);
    tree.copy(bytes, at + 8);
    return bytes;
  }

  /**
   * Copies entries. What was changed in the moment when the index was written may have been changed once more: such an entry loses its size, so that
   * git looks into the file (gitformat-index(5) and racy-git).
   */
  #copy(from: number, to: number, bytes: Buffer, at: number): number {
    const { starts, bytes: own } = this.#content;
    const shift = at - starts[from]!;
    own.copy(bytes, at, starts[from], starts[to]);
    const seconds = Number(this.#writtenAtNs / 1_000_000_000n);
    const nanoseconds = Number(this.#writtenAtNs % 1_000_000_000n);
    for (let position = from; position < to; position++) {
      const start = starts[position]!;
      const changedAt = own.readUInt32BE(start + MTIME_SECONDS_AT);
      if (changedAt < seconds) continue;
      if (changedAt === seconds && own.readUInt32BE(start + MTIME_SECONDS_AT + 4) < nanoseconds) continue;
      bytes.writeUInt32BE(0, start + shift + SIZE_AT);
    }
    return at + starts[to]! - starts[from]!;
  }
}

/** The indexes that were read or written last. */
const RECENT = new RecentIndexes<IndexFile>();

type IndexStat = Parameters<typeof stampOf>[0];

function readContent(bytes: Buffer, format: ObjectFormat): IndexContent {
  if (bytes.toString("latin1", 0, 4) !== "DIRC") throw unsupported("an index that is none");
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw unsupported(`an index of version ${version}`);
  const oidBytes = OID_HEX_LENGTH[format] / 2;
  const end = bytes.length - oidBytes;
  const hash = createHash(format).update(bytes.subarray(0, end)).digest();
  if (!hash.equals(bytes.subarray(end))) throw unsupported("an index whose checksum is wrong");
  return scanned(bytes, oidBytes);
}

function scanned(bytes: Buffer, oidBytes: number): IndexContent {
  const count = bytes.readUInt32BE(8);
  const starts = new Uint32Array(count + 1);
  let hasConflicts = false;
  let at = HEADER_BYTES;
  for (let position = 0; position < count; position++) {
    starts[position] = at;
    const flags = flagsOf(bytes, at, oidBytes);
    if ((flags & STAGE_MASK) !== 0) hasConflicts = true;
    const isExtended = (flags & EXTENDED) !== 0;
    if (isExtended && (extendedOf(bytes, at, oidBytes) & INTENT_TO_ADD) !== 0)
      throw unsupported("an entry intended to be added");
    const name = at + OID_AT + oidBytes + (isExtended ? 4 : 2);
    const length = flags & LENGTH_MASK;
    const nameEnd = length < LENGTH_MASK ? name + length : bytes.indexOf(0, name);
    at += (nameEnd - at + 8) & ~7;
  }
  starts[count] = at;
  return { bytes, starts, hasConflicts };
}

/** The cached trees; what else is optional (a capital letter) is left out when the index is written. */
function readTree({ bytes, starts }: IndexContent, oidBytes: number): CachedTree {
  const end = bytes.length - oidBytes;
  let tree: CachedTree | undefined;
  for (let at = starts[starts.length - 1]!; at + 8 <= end;) {
    const name: ByteString = bytes.toString("latin1", at, at + 4);
    const length = bytes.readUInt32BE(at + 4);
    at += 8;
    if (name === "TREE") tree = parseCacheTree(bytes.subarray(at, at + length), oidBytes);
    else if (!/^[A-Z]/.test(name)) throw unsupported(`an index with ${name}`);
    at += length;
  }
  return tree ?? { name: "", entryCount: -1, oid: undefined, folders: [] };
}

const flagsOf = (bytes: Buffer, start: number, oidBytes: number): number =>
  bytes.readUInt16BE(start + OID_AT + oidBytes);

function extendedOf(bytes: Buffer, start: number, oidBytes: number): number {
  const isExtended = (flagsOf(bytes, start, oidBytes) & EXTENDED) !== 0;
  return isExtended ? bytes.readUInt16BE(start + OID_AT + oidBytes + 2) : 0;
}

export function unsupported(what: string): OperationError {
  return new OperationError("unsupported", { what });
}
