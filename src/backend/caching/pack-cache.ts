import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, openSync, readdirSync, rmSync, statfsSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { hasReason } from "../../domain/errors.ts";
import type { PackOutput, PieceForm, RepositoryView } from "../backend.ts";
import { type PackMaker, SpooledPack } from "./spooled-pack.ts";

export interface PackCacheOptions {
  /** Where packs are written; made when it is absent, emptied when the cache is opened. */
  readonly directory: string;
  /** Packs kept in all. */
  readonly bytesMax: number;
  /** A larger pack is shared while somebody reads it, and not kept. */
  readonly entryBytesMax: number;
  /** How long a pack is kept. */
  readonly ageMs: number;
  /** Packs kept, and running, whatever their size: each is an open file. */
  readonly entriesMax?: number;
  /** This much of the disk is left free. */
  readonly reserveBytes?: number;
  /** This share of the disk is left free by packs that are too large to be kept, from 0 to 1: slow readers may hold many of them. */
  readonly reserveShare?: number;
  readonly observer?: PackCacheObserver;
}

/** Takes down what becomes of requests: found whole, joined while running, made, or passed by the cache. */
export interface PackCacheObserver {
  answered(how: PackCacheAnswer): void;
  /** Bytes that are kept now. */
  bytes(kept: number): void;
}

export type PackCacheAnswer = "hit" | "shared" | "miss" | "bypass";

const ENTRIES_MAX = 256;
const RESERVE_BYTES = 256 * 1024 * 1024;
const RESERVE_SHARE = 0.1;
const NAME = /^pack-[0-9a-f-]{36}$/;

interface Entry {
  readonly gitDir: string;
  readonly pack: SpooledPack;
  /** What the disk must have room for while the pack is being made. */
  readonly likelyBytes: number;
  /** Those that count as kept. */
  bytes: number;
  timer?: ReturnType<typeof setTimeout>;
}

/** Packs that were just made, or are being made, by what was asked for. */
export class PackCache {
  readonly #options: PackCacheOptions;
  readonly #entriesMax: number;
  readonly #reserveBytes: number;
  readonly #reserveShare: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  /** Dropped from the map, but somebody still reads, or the run has not ended. */
  readonly #leaving = new Set<SpooledPack>();
  #bytes = 0;
  #closed = false;

  constructor(options: PackCacheOptions) {
    this.#options = options;
    this.#entriesMax = options.entriesMax ?? ENTRIES_MAX;
    this.#reserveBytes = options.reserveBytes ?? RESERVE_BYTES;
    this.#reserveShare = options.reserveShare ?? RESERVE_SHARE;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(options.directory)) {
      // A server that was killed may leave a name, between making the file and taking the name away.
      if (NAME.test(name)) rmSync(join(options.directory, name), { force: true });
    }
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Packs that are kept, being made, or being read. */
  get entries(): number {
    return this.#entries.size;
  }

  /**
   * A reader of the pack that the key names, made by `make` unless it is there. Undefined when the cache cannot serve: no room on
   * the disk, or too many packs.
   */
  open(
    key: string,
    view: RepositoryView,
    likelyBytes: number,
    make: PackMaker,
    form: PieceForm = {},
  ): AsyncGenerator<PackOutput> | undefined {
    const name = createHash("sha256").update(key).digest("base64");
    const found = this.#entries.get(name);
    if (found !== undefined && found.pack.isUsable) {
      this.#tell(found.pack.isWhole ? "hit" : "shared");
      this.#entries.delete(name);
      this.#entries.set(name, found);
      return found.pack.read(view.signal, form);
    }
    const descriptor = this.#closed || !this.#hasRoom(likelyBytes) ? undefined : this.#openFile();
    if (descriptor === undefined) {
      this.#tell("bypass");
      return undefined;
    }
    this.#tell("miss");
    if (found !== undefined) this.#drop(name, found);
    const pack = new SpooledPack(descriptor, make, () => this.#dropUnusable(name));
    const entry: Entry = { gitDir: view.gitDir, pack, likelyBytes, bytes: 0 };
    this.#entries.set(name, entry);
    const reader = entry.pack.read(view.signal, form);
    void entry.pack.ended.then(() => this.#ended(name, entry));
    return reader;
  }

  /** Drops the packs of a repository that is being removed or renamed; who reads one reads on. */
  forget(gitDir: string): void {
    for (const [name, entry] of this.#entries) if (entry.gitDir === gitDir) this.#drop(name, entry);
  }

  /** Stops what runs and lets go of all files. */
  async close(): Promise<void> {
    this.#closed = true;
    const packs = [...[...this.#entries.values()].map(({ pack }) => pack), ...this.#leaving];
    for (const [name, entry] of this.#entries) this.#drop(name, entry);
    await Promise.all(packs.map((pack) => pack.close()));
  }

  #ended(name: string, entry: Entry): void {
    if (this.#entries.get(name) !== entry) return;
    if (!entry.pack.isWhole) {
      this.#drop(name, entry);
      return;
    }
    entry.timer = setTimeout(() => this.#drop(name, entry), this.#options.ageMs);
    entry.timer.unref();
    const bytes = entry.pack.size;
    if (bytes > this.#keptBytesMax) {
      // Others may join as long as somebody reads.
      entry.pack.drop();
      return;
    }
    entry.bytes = bytes;
    this.#bytes += bytes;
    for (const [oldName, old] of this.#entries) {
      if (this.#bytes <= this.#options.bytesMax) break;
      if (old.bytes > 0 && old !== entry) this.#drop(oldName, old);
    }
    this.#options.observer?.bytes(this.#bytes);
  }

  /** How large a pack may be that is kept. */
  get #keptBytesMax(): number {
    return Math.min(this.#options.entryBytesMax, this.#options.bytesMax);
  }

  #dropUnusable(name: string): void {
    const found = this.#entries.get(name);
    if (found !== undefined && !found.pack.isUsable) this.#drop(name, found);
  }

  #drop(name: string, entry: Entry): void {
    if (this.#entries.get(name) !== entry) return;
    this.#entries.delete(name);
    clearTimeout(entry.timer);
    this.#bytes -= entry.bytes;
    entry.bytes = 0;
    this.#options.observer?.bytes(this.#bytes);
    this.#leaving.add(entry.pack);
    void entry.pack.ended.then(() => this.#leaving.delete(entry.pack));
    entry.pack.drop();
  }

  #hasRoom(likelyBytes: number): boolean {
    if (this.#entries.size >= this.#entriesMax && !this.#dropOldest()) return false;
    try {
      const { bavail, blocks, bsize } = statfsSync(this.#options.directory);
      const share = likelyBytes > this.#keptBytesMax ? this.#reserveShare * blocks * bsize : 0;
      return bavail * bsize > likelyBytes + this.#promisedBytes() + Math.max(this.#reserveBytes, share);
    } catch {
      return false;
    }
  }

  /** What packs that are being made will probably still take. */
  #promisedBytes(): number {
    let bytes = 0;
    for (const { pack, likelyBytes } of this.#entries.values()) {
      if (pack.isRunning) bytes += Math.max(0, likelyBytes - pack.size);
    }
    return bytes;
  }

  #dropOldest(): boolean {
    for (const [name, entry] of this.#entries) {
      if (entry.pack.isRunning) continue;
      this.#drop(name, entry);
      return true;
    }
    return false;
  }

  /** A file without a name: it goes with its last descriptor. */
  #openFile(): number | undefined {
    const path = join(this.#options.directory, `pack-${randomUUID()}`);
    try {
      const descriptor = openSync(path, "wx+", 0o600);
      unlinkSync(path);
      return descriptor;
    } catch {
      // Full, read-only or gone: packs are made without a cache.
      return undefined;
    }
  }

  #tell(how: PackCacheAnswer): void {
    this.#options.observer?.answered(how);
  }
}

/** Did the cache's disk run full, so that the pack may be had without it? */
export function isCacheFull(error: unknown): boolean {
  return hasReason(error, "disk_full");
}
