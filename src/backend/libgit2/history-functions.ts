import type { Oid } from "../../domain/oid.ts";

type QuarantineDir = string | undefined;

/** A walk that stands between two batches. */
export type WalkCursor = object & { readonly __walkCursor: never };

/** Ids, 40 digits each, and the cursor to go on with, or null at the end. */
export type PackedLog = [oids: string, cursor: WalkCursor | null];

/** Id and path of each blob, one after the other; the paths' lengths as u32; the cursor. */
export type PackedBlobs = [text: string, lengths: Buffer, cursor: WalkCursor | null];

/**
 * History, as the addon offers it (native/walk.h, native/log.h, native/list_blobs.h). The twins with the suffix Sync answer null
 * when they would take more than about a millisecond.
 */
export interface HistoryFunctions {
  isAncestorSync(gitDir: string, quarantine: QuarantineDir, ancestor: Oid, descendant: Oid): boolean | null;
  isAncestor(gitDir: string, quarantine: QuarantineDir, ancestor: Oid, descendant: Oid): Promise<boolean>;
  /** Ids in one string. */
  mergeBasesSync(gitDir: string, quarantine: QuarantineDir, a: Oid, b: Oid): string | null;
  mergeBases(gitDir: string, quarantine: QuarantineDir, a: Oid, b: Oid): Promise<string>;
  /** Candidates as 20 bytes each; the answer has one byte for each. */
  reachable(gitDir: string, quarantine: QuarantineDir, tip: Oid, candidates: Uint8Array): Promise<Buffer>;
  /** A query packed as native/history_binding.c says. */
  logOpenSync(gitDir: string, quarantine: QuarantineDir, query: Uint8Array, max: number): PackedLog | null;
  logOpen(gitDir: string, quarantine: QuarantineDir, query: Uint8Array, max: number): Promise<PackedLog>;
  logNext(cursor: WalkCursor, max: number): Promise<PackedLog>;
  /** Revisions packed as u32 length and bytes. */
  blobsOpen(gitDir: string, quarantine: QuarantineDir, revisions: Uint8Array, max: number): Promise<PackedBlobs>;
  blobsNext(cursor: WalkCursor, max: number): Promise<PackedBlobs>;
  /** Ends a walk before its end; harmless when it has ended. */
  historyClose(cursor: WalkCursor): void;
}
