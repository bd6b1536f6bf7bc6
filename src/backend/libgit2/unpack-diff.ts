import type { DiffStat, DiffStatus, FilePatch } from "../../domain/diff.ts";
import type { ChangedPath, ChangedPathsRequest } from "../backend.ts";

/** Rows that are unpacked in one go. */
const BATCH_ROWS = 1000;

const STATUSES: Readonly<Record<string, DiffStatus>> = {
  A: "added",
  M: "modified",
  D: "deleted",
  T: "type-changed",
};

/** A part of a diff's answer, as native/patch.h packs it. */
export interface DiffPart {
  /** Number of paths that it answers. */
  readonly count: number;
  readonly body: Buffer;
  /** What the next part goes on with; empty after the last. */
  readonly rest: Buffer;
}

/** Splits a part. */
export function unpackPart(bytes: Buffer): DiffPart {
  const bodyEnd = 8 + bytes.readUInt32LE(4);
  return { count: bytes.readUInt32LE(0), body: bytes.subarray(8, bodyEnd), rest: bytes.subarray(bodyEnd) };
}

/** Reads values one after the other. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes[this.#at++]!;
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  oid(): string {
    return this.#bytes.toString("hex", this.#at, (this.#at += 20));
  }

  path(): string {
    const length = this.u32();
    return this.#bytes.toString("latin1", this.#at, (this.#at += length));
  }

  bytes(): Uint8Array {
    const length = this.u32();
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  status(): DiffStatus {
    return STATUSES[String.fromCharCode(this.u8())]!;
  }
}

/** Changes with their patches, which are views of the part's memory. */
export function* unpackPatches({ count, body }: DiffPart): Generator<FilePatch> {
  const reader = new Reader(body);
  for (let i = 0; i < count; i++) {
    const status = reader.status();
    const binary = reader.u8() === 1;
    const [oldMode, newMode] = [reader.u32(), reader.u32()];
    const [oldOid, newOid] = [reader.oid(), reader.oid()];
    const path = reader.path();
    const patch = reader.bytes();
    yield { status, score: 0, oldPath: path, newPath: path, oldMode, newMode, oldOid, newOid, binary, patch };
  }
}

/** Line counts. */
export function unpackStats({ count, body }: DiffPart): DiffStat[] {
  const reader = new Reader(body);
  return Array.from({ length: count }, () => {
    const [additions, deletions] = [reader.u32(), reader.u32()];
    return { path: reader.path(), additions, deletions };
  });
}

/** Rows of changed paths in batches, each row with the commit that its request named. */
export function* unpackChangedPaths(rows: Buffer, requests: readonly ChangedPathsRequest[]): Generator<ChangedPath[]> {
  const reader = new Reader(rows);
  let batch: ChangedPath[] = [];
  while (!reader.ended) {
    const request = requests[reader.u32()];
    const status = reader.status();
    const [oldMode, newMode] = [reader.u32(), reader.u32()];
    const [oldOid, newOid] = [reader.oid(), reader.oid()];
    const path = reader.path();
    const commitOid = request?.kind === "commit" ? request.commit : "";
    batch.push({ status, score: 0, oldPath: path, newPath: path, oldMode, newMode, oldOid, newOid, commitOid });
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
