import { createRequire } from "node:module";
import type { ByteString } from "../../domain/bytes.ts";
import type { ObjectType } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import type { HistoryFunctions } from "./history-functions.ts";
import type { RefFunctions } from "./ref-functions.ts";

/*
 * The addon as TypeScript sees it. Functions that work on a repository begin with its directory and the quarantine's. A
 * function answers with a promise; its twin with the suffix Sync answers at once, throws, or returns null: then the work would
 * keep this thread waiting, and the promise is to be asked for. What does not exist is undefined. Errors are AddonErrors.
 */

/** Path of a quarantine's object directory, or none. */
type QuarantineDir = string | undefined;

/** What the addon throws: an Error whose `code` says what happened (native/holdfast.h lists the codes). */
export interface AddonError extends Error {
  readonly code: string;
  /** Name of the errno, for code `os`. */
  readonly errno?: string;
  /** What it is about, such as a reference's name or an object's id. */
  readonly subject?: ByteString;
}

export interface AddonSettings {
  /** Threads for long work; default max(4, 2 × cores). */
  readonly threads?: number;
  /** Repositories kept open while nobody uses them. */
  readonly repositoriesMax?: number;
  readonly idleMs?: number;
  /** The cache of objects, over all repositories. */
  readonly cacheBytes?: number;
}

export interface CoreFunctions {
  configure(settings: AddonSettings): void;
  libgit2Version(): string;
  /** Closes what is kept of a repository that is being removed or renamed. */
  forget(gitDir: string): void;
  /** Closes repositories that were idle for too long. */
  reap(): void;
  /** Names the packs that a repository has now; 0 where there is nothing to tell. No two states have the same number. */
  packsGeneration(gitDir: string): number;
  /** How many loose objects this thread has read so far. */
  looseReads(): number;
  /** Open repositories, quarantines, bytes of objects in quarantines, bytes in the cache of objects. */
  usage(): [repositories: number, quarantines: number, quarantineBytes: number, cacheBytes: number];
  /** Waits until all that was written to the file system of a directory is on the disk (syncfs(2)). */
  flushFileSystem(directory: string): Promise<void>;
  /** The job that was submitted last, for `cancel`. */
  lastJob(): number;
  cancel(job: number): void;
}

/** An object's whole size and type in one number: size × 8 + type. */
export type HeaderNumber = number;

/** An object that is being read by the addon. */
export type BlobHandle = object & { readonly __blobHandle: never };

/** One batch of a listing: text (40 digits of the id, then the path, for each entry), pairs of u32 (mode, length of the path), is there more. */
export type PackedListing = [text: ByteString, numbers: Buffer, more: boolean];

export interface ObjectFunctions {
  resolveSync(gitDir: string, quarantine: QuarantineDir, revision: ByteString, peel: number): Oid | undefined | null;
  resolve(gitDir: string, quarantine: QuarantineDir, revision: ByteString, peel: number): Promise<Oid | undefined>;
  objectInfoSync(gitDir: string, quarantine: QuarantineDir, oid: Oid): HeaderNumber | undefined | null;
  objectInfo(gitDir: string, quarantine: QuarantineDir, oid: Oid): Promise<HeaderNumber | undefined>;
  /** The number in 8 bytes and the content after it; null also for an object that is too large for this thread. */
  objectReadSync(
    gitDir: string,
    quarantine: QuarantineDir,
    oid: Oid,
    bytesMax: number | undefined,
  ): Buffer | undefined | null;
  objectRead(
    gitDir: string,
    quarantine: QuarantineDir,
    oid: Oid,
    bytesMax: number | undefined,
  ): Promise<Buffer | [HeaderNumber, Buffer] | undefined>;
  /** For each id (20 bytes) the number in 8 bytes, 0 when absent, and the content; ends early when `bytesMax` is reached. */
  objectReadManySync(gitDir: string, quarantine: QuarantineDir, oids: Buffer, bytesMax: number): Buffer | null;
  objectReadMany(gitDir: string, quarantine: QuarantineDir, oids: Buffer, bytesMax: number): Promise<Buffer>;
  /** Opens an object to be read a piece at a time. */
  blobOpen(gitDir: string, quarantine: QuarantineDir, oid: Oid): Promise<[HeaderNumber, BlobHandle] | undefined>;
  /** The next `length` bytes, fewer only at the end; one read at a time. */
  blobRead(blob: BlobHandle, length: number): Promise<Buffer>;
  blobClose(blob: BlobHandle): void;
  /** Mode in 6 octal digits, a space, the id. */
  treeEntrySync(...args: EntryArguments): string | undefined | null;
  treeEntry(...args: EntryArguments): Promise<string | undefined>;
  /** A header of 52 bytes (the number, 0 for what is no blob; u32 mode; the id in 40 digits), then the content, which stands beside where it is large. */
  fileReadSync(...args: [...EntryArguments, bytesMax: number | undefined]): Buffer | undefined | null;
  fileRead(
    ...args: [...EntryArguments, bytesMax: number | undefined]
  ): Promise<Buffer | [header: Buffer, content: Buffer] | undefined>;
  treeListSync(...args: ListArguments): PackedListing | null;
  treeList(...args: ListArguments): Promise<PackedListing>;
  objectWriteSync(gitDir: string, quarantine: QuarantineDir, type: ObjectType, content: Uint8Array): Oid | null;
  objectWrite(gitDir: string, quarantine: QuarantineDir, type: ObjectType, content: Uint8Array): Promise<Oid>;
  /** Edits packed as native/tree_edit.h says. */
  treeEditSync(gitDir: string, quarantine: QuarantineDir, base: Oid | undefined, edits: Uint8Array): Oid | null;
  treeEdit(gitDir: string, quarantine: QuarantineDir, base: Oid | undefined, edits: Uint8Array): Promise<Oid>;
}

type EntryArguments = [
  gitDir: string,
  quarantine: QuarantineDir,
  /** What `packsGeneration` has told in the same moment, which spares another look; or 0. */
  generation: number,
  treeish: Oid,
  path: ByteString,
];

type ListArguments = [
  gitDir: string,
  quarantine: QuarantineDir,
  treeish: Oid,
  recursive: boolean,
  prefix: ByteString,
  /** Path, without the prefix, of the last entry of the batch before; empty for the first. */
  after: ByteString,
  bytesMax: number,
];

export interface QuarantineFunctions {
  quarantineMaterialize(gitDir: string, quarantine: string): Promise<void>;
  quarantineMigrate(gitDir: string, quarantine: string): Promise<void>;
  /** Flushes the folders that migrations of this quarantine have changed. */
  quarantineFlush(gitDir: string, quarantine: string): Promise<void>;
  quarantineDiscardSync(gitDir: string, quarantine: string): undefined | null;
  quarantineDiscard(gitDir: string, quarantine: string): Promise<void>;
}

export interface DiffFunctions {
  /** Kind and white space are numbers of native/patch.h, which also says how paths and answers are packed. */
  diff(
    gitDir: ByteString,
    quarantine: QuarantineDir,
    kind: number,
    whitespace: number,
    left: Oid,
    right: Oid,
    renames: boolean,
    paths: Uint8Array | undefined,
  ): Promise<Buffer>;
  /** Goes on with what an answer left. */
  diffRest(
    gitDir: ByteString,
    quarantine: QuarantineDir,
    kind: number,
    whitespace: number,
    rest: Uint8Array,
  ): Promise<Buffer>;
  changedPaths(
    gitDir: ByteString,
    quarantine: QuarantineDir,
    requests: Uint8Array,
    allParents: boolean,
  ): Promise<Buffer>;
}

export interface MergeFunctions {
  /** The merged tree; every merge that is not clean without a look into files is an error, `unsupported`. */
  mergeTrees(gitDir: ByteString, quarantine: ByteString, base: Oid | undefined, ours: Oid, theirs: Oid): Promise<Oid>;
}

/** All functions of the addon. Each facet's file declares its own part. */
export interface Addon
  extends
    CoreFunctions,
    ObjectFunctions,
    QuarantineFunctions,
    RefFunctions,
    HistoryFunctions,
    DiffFunctions,
    MergeFunctions {}

/** Where `make -C native` puts the addon. */
export const ADDON_PATH = new URL("../../../native/build/holdfast.node", import.meta.url).pathname;

/** Loads the addon. Throws when it was not built, or libgit2 cannot be loaded or is too old. */
export function loadAddon(path: string = ADDON_PATH): Addon {
  return createRequire(import.meta.url)(path) as Addon;
}
