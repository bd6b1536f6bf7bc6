import type { ByteString } from "../domain/bytes.ts";
import type { AdminEventName } from "../domain/event-names.ts";
import type { Oid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";

/** A repository as events name it. */
export interface EventRepository {
  readonly storage: string;
  readonly relativePath: string;
}

/** One reference that moved. Zeros stand for "did not exist" and "deleted". */
export interface EventChange {
  readonly name: RefName;
  readonly oldOid: Oid;
  readonly newOid: Oid;
}

/** Who is behind a change; names are bytes. */
export interface EventActor {
  readonly id: string;
  readonly username: string;
  readonly name: ByteString;
  readonly email: ByteString;
}

/** A repository that came, went or was given another path. */
export type RepositoryLife =
  | { readonly kind: "created" }
  | { readonly kind: "deleted" }
  | { readonly kind: "renamed"; readonly from: EventRepository };

/** What administration has changed; the data is JSON, in text. */
export interface AdminChange {
  readonly event: AdminEventName;
  readonly data: { readonly [name: string]: unknown };
}

/** The repository of a change that is about none. */
export const NO_REPOSITORY: EventRepository = { storage: "", relativePath: "" };

/** What is to be recorded of a change: of references, of HEAD, of a repository as a whole, or by administration. */
export interface ChangeFacts {
  /** Where it happens; `NO_REPOSITORY` for administration, the new path for a repository that is renamed. */
  readonly repository: EventRepository;
  readonly changes: readonly EventChange[];
  /** HEAD was pointed elsewhere. */
  readonly head?: { readonly oldTarget?: RefName; readonly newTarget: RefName };
  readonly life?: RepositoryLife;
  readonly admin?: AdminChange;
  /** Whom the caller named. */
  readonly actor?: EventActor;
  /** Who called: the name of the account, or the kind of caller without one. */
  readonly by?: string;
  readonly door: string;
  readonly requestId: string;
}

/** A change of references as the journal holds it. */
export interface ChangeEvent extends ChangeFacts {
  /** Grows by every change of the server, across restarts; numbers may be left out. It is the number of the change's first event. */
  readonly sequence: bigint;
  /** How many numbers it takes, one for each event that follows from it; absent: one. */
  readonly count?: number;
  readonly atMs: number;
}

/** The number of the last event that follows from a change. */
export const lastNumberOf = ({ sequence, count = 1 }: ChangeEvent): bigint => sequence + BigInt(count - 1);

/**
 * A record of the journal. `begun` and `ended` frame work on a repository, so that a crash leaves a trace of where it was;
 * `prepared` is a change that is about to happen; `done` and `dropped` say what became of it. A `carried` record repeats, at
 * the head of a segment, what the segment before left open.
 */
export type JournalRecord =
  | { readonly kind: "segment"; readonly atMs: number; readonly nextSequence: bigint; readonly nextWork: number }
  | { readonly kind: "begun"; readonly work: number; readonly repository: EventRepository; readonly carried?: true }
  | { readonly kind: "ended"; readonly work: number }
  | { readonly kind: "prepared"; readonly event: ChangeEvent; readonly carried?: true }
  | { readonly kind: "done"; readonly sequence: bigint }
  | { readonly kind: "dropped"; readonly sequence: bigint };

/** Length and checksum, 32 bits each, little end first. */
const HEADER_BYTES = 8;

/** The largest record that is believed; a longer one is damage. */
export const RECORD_BYTES_MAX = 256 * 1024 * 1024;

/** Encodes a record: length of the payload, its CRC-32, the payload as JSON. Bytes travel as byte strings. */
export function encodeRecord(record: JournalRecord): Buffer {
  const json = JSON.stringify(record, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value));
  const payload = Buffer.from(json, "utf8");
  const framed = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  framed.writeUInt32LE(payload.length, 0);
  framed.writeUInt32LE(Bun.hash.crc32(payload), 4);
  payload.copy(framed, HEADER_BYTES);
  return framed;
}

/** The record at an offset and where the next one begins; undefined at the end, which is where a record is not whole. */
export function decodeRecord(bytes: Buffer, offset: number): { record: JournalRecord; end: number } | undefined {
  if (offset + HEADER_BYTES > bytes.length) return undefined;
  const length = bytes.readUInt32LE(offset);
  const end = offset + HEADER_BYTES + length;
  if (length === 0 || length > RECORD_BYTES_MAX || end > bytes.length) return undefined;
  const payload = bytes.subarray(offset + HEADER_BYTES, end);
  if (Bun.hash.crc32(payload) !== bytes.readUInt32LE(offset + 4)) return undefined;
  return { record: revive(JSON.parse(payload.toString("utf8")) as JournalRecord), end };
}

/** JSON has no bigint: sequence numbers travel as numbers, exact below 2^53. */
function revive(record: JournalRecord): JournalRecord {
  switch (record.kind) {
    case "segment":
      return { ...record, nextSequence: BigInt(record.nextSequence) };
    case "prepared":
      return { ...record, event: { ...record.event, sequence: BigInt(record.event.sequence) } };
    case "done":
    case "dropped":
      return { ...record, sequence: BigInt(record.sequence) };
    case "begun":
    case "ended":
      return record;
  }
}
