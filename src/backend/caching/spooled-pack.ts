import { closeSync, fstatSync, readv } from "node:fs";
import { OperationError } from "../../domain/errors.ts";
import type { PackOutput, PackRoom, PieceForm } from "../backend.ts";
import { lengthWithRoom, placesOf } from "../pack-room.ts";

/** As much as is read at once: large enough to cost little for each byte. */
const READ_BYTES = 256 * 1024;
/** What all readers together read at once: each holds a piece, also if its client takes nothing. */
const READ_BYTES_OF_ALL = 16 * 1024 * 1024;
/** The least that one of many reads at once. */
const READ_BYTES_MIN = 64 * 1024;
/** A smaller piece is not written over: it may wait in a stream behind another. Streams take a larger one only when nothing waits. */
const LENT_BYTES_MIN = 32 * 1024;
const NO_ROOM: PackRoom = { every: READ_BYTES, bytes: 0 };
/** How often a reader looks whether the file has grown. The end of the run is told at once. */
const POLL_MS = 10;
/** How often a reader looks before it takes what is less than a whole piece. */
const WAITS_FOR_MORE = 5;
/** Progress that is kept for readers that come later. */
const PROGRESS_BYTES_MAX = 64 * 1024;

/** Writes a pack into an open file; yields progress. */
export type PackMaker = (descriptor: number, signal: AbortSignal) => AsyncIterable<Uint8Array>;

/**
 * A pack in a file of its own that has no name: whatever happens to this process, nothing stays behind. It grows while readers
 * follow it, each at its own pace. The run goes on as long as somebody reads; when the last reader leaves before its end it is stopped.
 */
export class SpooledPack {
  readonly #descriptor: number;
  readonly #onGone: () => void;
  readonly #abort = new AbortController();
  readonly #progress: Uint8Array[] = [];
  #progressBytes = 0;
  /** Of all packs. */
  static #allReaders = 0;
  #readers = 0;
  #wake: (() => void)[] = [];
  #state: "running" | "whole" | "failed" = "running";
  #error: unknown;
  #kept = true;
  #closed = false;
  /** Settles when the run is over; never rejects. */
  readonly ended: Promise<void>;

  /** `onGone` is told when the file has gone; nobody can join any more. */
  constructor(descriptor: number, make: PackMaker, onGone: () => void = () => {}) {
    this.#descriptor = descriptor;
    this.#onGone = onGone;
    this.ended = this.#run(make);
  }

  get isWhole(): boolean {
    return this.#state === "whole";
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  /** Can a reader join? */
  get isUsable(): boolean {
    return this.#state !== "failed" && !this.#abort.signal.aborted && !this.#closed;
  }

  get readers(): number {
    return this.#readers;
  }

  /** Bytes in the file now. */
  get size(): number {
    return this.#closed ? 0 : fstatSync(this.#descriptor).size;
  }

  /** Is not wanted any more: readers finish, and those who join them meanwhile, then the file goes. */
  drop(): void {
    this.#kept = false;
    this.#settle();
  }

  /** Stops the run, and waits for its end. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.ended;
    this.drop();
  }

  /**
   * The pack from its beginning, with the progress so far. Ends with the error of the run; `canceled` when the signal fires. The
   * reader counts from now on, also before it reads.
   */
  read(signal: AbortSignal | undefined, form: PieceForm = {}): AsyncGenerator<PackOutput> {
    this.#readers++;
    SpooledPack.#allReaders++;
    let isLeft = false;
    const leave = () => {
      if (isLeft) return;
      isLeft = true;
      this.#leave();
    };
    return leavingOnce(this.#follow(signal, form), leave);
  }

  async *#follow(signal: AbortSignal | undefined, { room = NO_ROOM, lent }: PieceForm): AsyncGenerator<PackOutput> {
    const desk = lent === true ? new Desk() : undefined;
    const wake = () => this.#tell();
    signal?.addEventListener("abort", wake, { once: true });
    try {
      let said = 0;
      let offset = 0;
      let waits = 0;
      for (;;) {
        if (signal?.aborted === true) throw new OperationError("canceled", {});
        // Asked before the file's size: what is written in between belongs to the next round.
        const isOver = this.#state !== "running";
        while (said < this.#progress.length) yield { kind: "progress", bytes: this.#progress[said++]! };
        const waiting = this.size - offset;
        // Many small pieces cost more than a short wait for a large one.
        const wanted = readLength(room, SpooledPack.#allReaders);
        const isWorthwhile = isOver || waiting >= wanted || waits >= WAITS_FOR_MORE;
        if (waiting > 0 && isWorthwhile) {
          waits = 0;
          const size = lengthWithRoom(Math.min(waiting, wanted), room);
          const buffer = desk?.buffer(size) ?? Buffer.allocUnsafeSlow(size);
          const { bytes, length } = await readAt(this.#descriptor, buffer, offset, room);
          offset += length;
          yield { kind: "pack", bytes };
        } else if (!isOver) {
          waits++;
          await this.#news(said);
        } else if (this.#state === "failed") {
          throw this.#error;
        } else {
          return;
        }
      }
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  async #run(make: PackMaker): Promise<void> {
    try {
      for await (const piece of make(this.#descriptor, this.#abort.signal)) {
        if (this.#progressBytes + piece.length > PROGRESS_BYTES_MAX) continue;
        this.#progressBytes += piece.length;
        this.#progress.push(piece);
        this.#tell();
      }
      this.#state = "whole";
    } catch (error) {
      this.#state = "failed";
      this.#error = error;
    }
    this.#tell();
    this.#settle();
  }

  /** Waits for more of the pack, for progress, or for the end. */
  #news(said: number): Promise<void> {
    if (this.#progress.length > said) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #tell(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  #leave(): void {
    this.#readers--;
    SpooledPack.#allReaders--;
    if (this.#readers === 0 && this.#state === "running") this.#abort.abort();
    this.#settle();
  }

  #settle(): void {
    if (this.#closed || this.#readers > 0 || this.#state === "running") return;
    if (this.#kept && this.#state === "whole") return;
    this.#closed = true;
    closeSync(this.#descriptor);
    this.#onGone();
  }
}

/** A stream that tells once when it is over, also when nobody has begun to read it. */
function leavingOnce(stream: AsyncGenerator<PackOutput>, leave: () => void): AsyncGenerator<PackOutput> {
  const settled = async (step: Promise<IteratorResult<PackOutput>>) => {
    try {
      const result = await step;
      if (result.done === true) leave();
      return result;
    } catch (error) {
      leave();
      throw error;
    }
  };
  return {
    next: () => settled(stream.next()),
    return: (value) => settled(stream.return(value as undefined)),
    throw: (error) => settled(stream.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return(undefined);
    },
  };
}

/** Where pieces lie that are lent. Garbage of such size costs more than what is done with it, and many readers would pile it up. */
class Desk {
  #used: Buffer | undefined;

  /** One that may be written over, of exactly so many bytes. */
  buffer(size: number): Buffer {
    if (size < LENT_BYTES_MIN) return Buffer.allocUnsafeSlow(size);
    if (this.#used?.length !== size) this.#used = Buffer.allocUnsafeSlow(size);
    return this.#used;
  }
}

/** How much of the file is read at once: whole spans between free spaces. */
function readLength({ every }: PackRoom, readers: number): number {
  const share = Math.max(READ_BYTES_MIN, Math.min(READ_BYTES, READ_BYTES_OF_ALL / readers));
  return Math.max(1, Math.round(share / every)) * every;
}

/** Reads a piece of the file into a buffer; `length` is without the free space. */
function readAt(
  descriptor: number,
  buffer: Buffer,
  offset: number,
  room: PackRoom,
): Promise<{ bytes: Buffer; length: number }> {
  return new Promise((resolve, reject) => {
    readv(descriptor, placesOf(buffer, room), offset, (error, read) => {
      if (error === null) resolve({ bytes: buffer.subarray(0, lengthWithRoom(read, room)), length: read });
      else reject(error);
    });
  });
}
