import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { SharedFlush } from "../domain/shared-flush.ts";
import { decodeRecord, encodeRecord, type JournalRecord } from "./journal-record.ts";

/**
 * Space is taken ahead of need, filled with zeros: flushing a record then changes no metadata of the file, which takes a third
 * off the wait, and the marks of what is under way always fit on the disk.
 */
const AHEAD_BYTES = 512 * 1024;

/** What must be left of that space when a change begins. */
const RESERVE_BYTES = 64 * 1024;

const FIRST_RECORD_BYTES_MAX = 4096;

const flushData = promisify(fdatasync);

/** Reads the whole records of a segment's bytes, in order; returns where they end. */
export function readRecords(bytes: Buffer, onRecord: (record: JournalRecord) => void): number {
  let offset = 0;
  for (let next = decodeRecord(bytes, 0); next !== undefined; next = decodeRecord(bytes, offset)) {
    onRecord(next.record);
    offset = next.end;
  }
  return offset;
}

/** The first record of a segment, which tells when it was begun. */
export function readFirstRecord(path: string): JournalRecord | undefined {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(FIRST_RECORD_BYTES_MAX);
    return decodeRecord(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)), 0)?.record;
  } finally {
    closeSync(fd);
  }
}

/** The file that the journal writes to. */
export class JournalSegment {
  readonly path: string;
  readonly #fd: number;
  #end: number;
  #allocated: number;
  readonly #flush: SharedFlush;

  private constructor(path: string, fd: number, end: number) {
    this.path = path;
    this.#fd = fd;
    this.#end = end;
    this.#allocated = end;
    this.#flush = new SharedFlush(() => flushData(fd));
  }

  /** Makes a segment that holds the given records, durably. */
  static create(path: string, records: readonly JournalRecord[]): JournalSegment {
    const segment = new JournalSegment(path, openSync(path, "wx+", 0o600), 0);
    for (const record of records) segment.write(record);
    fsyncSync(segment.#fd);
    flushDirectory(dirname(path));
    return segment;
  }

  /** Opens a segment to go on writing; what a crash left half written at its end is cut off. */
  static open(path: string, onRecord: (record: JournalRecord) => void): JournalSegment {
    const end = readRecords(readFileSync(path), onRecord);
    const segment = new JournalSegment(path, openSync(path, "r+"), end);
    // Also the whole records behind a torn one go: what is written next must not be followed by what was never acknowledged.
    ftruncateSync(segment.#fd, end);
    segment.#reserve(0);
    fsyncSync(segment.#fd);
    return segment;
  }

  /** Bytes of records. */
  get sizeBytes(): number {
    return this.#end;
  }

  /** Has a flush failed? Then no later one proves anything. */
  get isBroken(): boolean {
    return this.#flush.isBroken;
  }

  /** Is nothing being flushed or waiting for it? */
  get isIdle(): boolean {
    return this.#flush.isIdle;
  }

  /** Hands a record to the system: a crash of this process does not lose it. Throws when the disk is full. */
  write(record: JournalRecord): void {
    const bytes = encodeRecord(record);
    if (record.kind !== "done" && record.kind !== "dropped" && record.kind !== "ended") this.#reserve(bytes.length);
    this.#put(bytes);
  }

  /** Waits until all that has been written is on the disk. Whoever asks meanwhile shares the next flush. */
  flush(): Promise<void> {
    return this.#flush.flush();
  }

  /** Gives unused space back and flushes. */
  close(): void {
    ftruncateSync(this.#fd, this.#end);
    fsyncSync(this.#fd);
    closeSync(this.#fd);
  }

  #put(bytes: Buffer): void {
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(this.#fd, bytes, written, bytes.length - written, this.#end + written);
    }
    this.#end += bytes.length;
    this.#allocated = Math.max(this.#allocated, this.#end);
  }

  #reserve(bytes: number): void {
    const wanted = this.#end + bytes + RESERVE_BYTES;
    if (wanted <= this.#allocated) return;
    const zeros = Buffer.alloc(wanted - this.#allocated + AHEAD_BYTES);
    let written = 0;
    while (written < zeros.length) {
      written += writeSync(this.#fd, zeros, written, zeros.length - written, this.#allocated + written);
    }
    this.#allocated += zeros.length;
  }
}

/** Flushes a directory, so that the files made in it are found after a power cut. */
export function flushDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
