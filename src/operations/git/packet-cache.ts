import type { GitBackend } from "../../backend/backend.ts";
import type { OpenRepository } from "../../contract/context.ts";

/** Bytes that are kept of one answer, and of all of them. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const CACHE_BYTES_MAX = 16 * 1024 * 1024;

interface Answer {
  readonly stamp: string;
  readonly pieces: readonly Buffer[];
  readonly bytes: number;
}

/**
 * References as packets, as they were sent last, kept while the stamp of the repository's references stays the same. Which references
 * there are is read from the disk each time, so what plain git changes is seen by the next request.
 */
class PacketCache {
  /** The answer used last stands last. */
  readonly #answers = new Map<string, Answer>();
  #bytes = 0;

  get(key: string, stamp: string): readonly Buffer[] | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    this.#answers.delete(key);
    if (answer.stamp === stamp) {
      this.#answers.set(key, answer);
      return answer.pieces;
    }
    this.#bytes -= answer.bytes;
    return undefined;
  }

  set(key: string, stamp: string, pieces: readonly Buffer[]): void {
    const bytes = key.length + pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#drop(key);
    if (bytes > ANSWER_BYTES_MAX) return;
    this.#answers.set(key, { stamp, pieces, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= CACHE_BYTES_MAX) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const answer = this.#answers.get(key);
    if (answer === undefined) return;
    this.#answers.delete(key);
    this.#bytes -= answer.bytes;
  }
}

/** One for each backend, so that it goes when the server does. */
const CACHES = new WeakMap<GitBackend, PacketCache>();

/**
 * Gives the packets kept for a question about the references, or asks and keeps them; a question about few of them is asked where the
 * stamp would take longer. Called while the references are held still.
 */
export async function keptPackets(
  { git, view }: OpenRepository,
  question: string,
  ask: () => Promise<readonly Buffer[]>,
  isAboutFew = false,
): Promise<readonly Buffer[]> {
  // Before the listing: what changes in between is then found under an old stamp, which nobody asks for again.
  const stamp = await git.refs.stamp(view, { quick: isAboutFew });
  if (stamp === undefined) return await ask();
  let cache = CACHES.get(git);
  if (cache === undefined) CACHES.set(git, (cache = new PacketCache()));
  const key = `${view.gitDir}\0${question}`;
  const kept = cache.get(key, stamp);
  if (kept !== undefined) return kept;
  const pieces = await ask();
  cache.set(key, stamp, pieces);
  return pieces;
}
