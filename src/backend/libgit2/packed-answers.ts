import { Moment } from "../../domain/moment.ts";
import type { RepositoryView } from "../backend.ts";
import type { CoreFunctions } from "./addon.ts";

/** Questions that are remembered until they are asked once more. */
const ASKED_SLOTS = 16 * 1024;
/** Larger answers are not kept. */
const KEPT_BYTES_MAX = 16 * 1024;
/** What an answer takes beside its question and itself. */
const ANSWER_BYTES = 120;

/**
 * Answers found in packs. Objects never change, so an answer holds for as long as the same packs are there; the addon sees by a few
 * stats whether they are, once for all that is asked in one turn. Loose objects come and go without a trace: what was read from them is
 * not kept. Nor is what is not there, which may come, nor what is asked for once: who reads all of a repository would fill the memory.
 */
export class PackedAnswers<T> {
  readonly #addon: CoreFunctions;
  readonly #bytesOf: (answer: T) => number;
  /** Half of what answers may take: those asked for lately, and as many from before. */
  readonly #halfBytes: number;
  readonly #asked = new Uint32Array(ASKED_SLOTS);
  #lately = new Map<string, T>();
  #before = new Map<string, T>();
  #bytes = 0;

  constructor(addon: CoreFunctions, bytesMax: number, bytesOf: (answer: T) => number) {
    this.#addon = addon;
    this.#halfBytes = bytesMax / 2;
    this.#bytesOf = bytesOf;
  }

  /** The key under which the answer is kept while nothing changes; undefined where none may be. */
  key({ gitDir, quarantineDir }: RepositoryView, question: string): string | undefined {
    if (quarantineDir !== undefined) return undefined;
    const generation = generationNow(this.#addon, gitDir);
    return generation === 0 ? undefined : `${generation} ${question}`;
  }

  get(key: string): T | undefined {
    const known = this.#lately.get(key);
    if (known !== undefined) return known;
    const older = this.#before.get(key);
    if (older !== undefined) this.#keep(key, older);
    return older;
  }

  /** Asks the addon at once, on this thread, and keeps what packs alone have answered. */
  ask<A extends T>(key: string, ask: () => A | undefined | null): A | undefined | null {
    const readBefore = this.#addon.looseReads();
    const answer = ask();
    if (answer === undefined || answer === null || !this.#isAskedAgain(key)) return answer;
    if (this.#addon.looseReads() === readBefore) this.#keep(key, answer);
    return answer;
  }

  #isAskedAgain(key: string): boolean {
    const hash = Bun.hash.xxHash32(key);
    const slot = hash % ASKED_SLOTS;
    if (this.#asked[slot] === hash) return true;
    this.#asked[slot] = hash;
    return false;
  }

  #keep(key: string, answer: T): void {
    const bytes = this.#bytesOf(answer);
    if (bytes > KEPT_BYTES_MAX) return;
    this.#lately.set(key, answer);
    this.#bytes += ANSWER_BYTES + key.length + bytes;
    if (this.#bytes <= this.#halfBytes) return;
    this.#before = this.#lately;
    this.#lately = new Map();
    this.#bytes = 0;
  }
}

const generations = new Moment<number>();

/** The number of a repository's packs, looked at once in a turn of the event loop. */
export function generationNow(addon: CoreFunctions, gitDir: string): number {
  return generations.of(gitDir, () => addon.packsGeneration(gitDir));
}
