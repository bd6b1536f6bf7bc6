import { existsSync } from "node:fs";
import type { MethodEntry } from "../backend-methods.ts";
import type { RepositoryView } from "../backend.ts";
import { type Answer, isComparable, sameAnswer, tell, tellAnswer } from "./answers.ts";

/** A read that two backends answer differently, each time they are asked. */
export interface CanaryDifference {
  readonly facet: string;
  readonly method: string;
  readonly gitDir: string;
  /** What was asked after the view, and what was answered, as text of bounded length. */
  readonly question: string;
  readonly served: { readonly backend: string; readonly answer: string };
  readonly other: { readonly backend: string; readonly answer: string };
}

export interface CanaryOptions {
  readonly onCompared: (entry: MethodEntry) => void;
  readonly onDifference: (difference: CanaryDifference) => void;
  /** Told when a comparison was given up: too many wait, or the repository would not stand still. */
  readonly onSkipped: (entry: MethodEntry) => void;
}

/** A question that was answered, and how to ask either backend again. */
export interface CanaryCase {
  readonly entry: MethodEntry;
  readonly view: RepositoryView;
  readonly question: readonly unknown[];
  readonly served: { readonly backend: string; readonly answer: Answer };
  readonly other: string;
  ask(backend: string, view: RepositoryView): Promise<Answer>;
}

const CONCURRENT_MAX = 4;
const WAITING_MAX = 2000;
const ATTEMPTS_MAX = 5;
const ASK_TIMEOUT_MS = 60_000;

/**
 * Compares answers behind the callers' backs: they have theirs already. A difference counts only when it is stable: the served
 * backend gives the same answer before and after the other was asked, and the other one a different one.
 */
export class Canary {
  readonly #options: CanaryOptions;
  readonly #waiting: CanaryCase[] = [];
  #running = 0;
  #settled: (() => void)[] = [];

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  offer(question: CanaryCase): void {
    if (!isComparable(question.served.answer) || this.#waiting.length >= WAITING_MAX) {
      this.#options.onSkipped(question.entry);
      return;
    }
    this.#waiting.push(question);
    this.#next();
  }

  /** Resolves when nothing is left to compare. */
  async settle(): Promise<void> {
    if (this.#running === 0 && this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => this.#settled.push(resolve));
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #next(): void {
    while (this.#running < CONCURRENT_MAX && this.#waiting.length > 0) {
      const question = this.#waiting.shift()!;
      this.#running++;
      void this.#compare(question).finally(() => {
        this.#running--;
        this.#next();
      });
    }
    if (this.#running > 0 || this.#waiting.length > 0) return;
    const settled = this.#settled;
    this.#settled = [];
    for (const resolve of settled) resolve();
  }

  async #compare(question: CanaryCase): Promise<void> {
    const { entry, view, served, other } = question;
    const ask = (backend: string) => {
      const { signal: _, ...rest } = view;
      return question.ask(backend, { ...rest, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    };
    let before = served.answer;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const answer = await ask(other);
      // What the other backend cannot do is no difference.
      if (!isComparable(answer)) return this.#options.onSkipped(entry);
      if (sameAnswer(before, answer)) return this.#options.onCompared(entry);
      const after = await ask(served.backend);
      const stood = attempt > 0 && isComparable(after) && sameAnswer(before, after);
      if (stood && isThere(view)) {
        this.#options.onCompared(entry);
        return this.#options.onDifference({
          facet: entry.facet,
          method: entry.method,
          gitDir: view.gitDir,
          question: tell(question.question),
          served: { backend: served.backend, answer: tellAnswer(after) },
          other: { backend: other, answer: tellAnswer(answer) },
        });
      }
      if (!isComparable(after)) return this.#options.onSkipped(entry);
      before = after;
    }
    this.#options.onSkipped(entry);
  }
}

/** A repository that is being removed has no answers any more. */
function isThere({ gitDir }: RepositoryView): boolean {
  return ["HEAD", "objects", "refs"].every((name) => existsSync(`${gitDir}/${name}`));
}
