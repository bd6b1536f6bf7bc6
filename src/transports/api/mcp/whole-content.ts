import type { Operation } from "../../../contract/operation.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { DerivedInput, DerivedOperation } from "../derived/derived-operation.ts";
import { type DerivedCall, runDerived } from "../derived/run-derived.ts";
import { hasLines } from "./tool-schemas.ts";

/** Longer content is not read for the sake of one part of it: REST gives ranges of it, git all of it. */
const CONTENT_BYTES_MAX = 16 * 1024 * 1024;
/** So many large ones are in memory at once. */
const LARGE_AT_ONCE = 4;

/** The operation, but without content that is too large to be read at once; undefined for operations that have no such. */
export function beginningOf({ operation, route, ...derived }: DerivedOperation): DerivedOperation | undefined {
  const large = route.content?.large;
  if (large === undefined) return undefined;
  // The engine runs it as the operation itself: the same rights, the same limits, the same name in the log.
  const beginning = { ...operation, run: large.beginning.bind(large) } as unknown as Operation;
  return { ...derived, route, operation: beginning };
}

/**
 * Runs an operation whose output may have large content, and makes something of it. Large ones take turns: each is there several times
 * until a part of it has been made. Rejects with `too_large`, before it is read, for what is too large for agents.
 */
export async function runWhole<T>(
  derived: DerivedOperation,
  beginning: DerivedOperation | undefined,
  input: DerivedInput,
  run: DerivedCall,
  use: (output: unknown) => T,
  contentBytesMax = CONTENT_BYTES_MAX,
): Promise<T> {
  const runNow = async () => use(await runDerived(derived, input, run));
  // How large content is that has no beginning shows only when it is there.
  if (beginning === undefined) return hasLines(derived) ? await inTurn(runNow) : await runNow();
  const { content } = derived.route;
  const output = (await runDerived(beginning, input, run)) as Record<string, unknown>;
  if (output[content?.field ?? ""] !== undefined) return use(output);
  const sizeBytes = content?.large?.size(output as never) ?? 0;
  if (sizeBytes > contentBytesMax)
    throw new OperationError("too_large", { what: "content", sizeBytes, limitBytes: contentBytesMax });
  return await inTurn(runNow);
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  await TURNS.take();
  try {
    return await work();
  } finally {
    TURNS.giveBack();
  }
}

/** A number of turns, first come, first served. */
class Turns {
  readonly #waiting: (() => void)[] = [];
  #left: number;

  constructor(count: number) {
    this.#left = count;
  }

  async take(): Promise<void> {
    if (this.#left > 0) this.#left--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#left++;
    else next();
  }
}

const TURNS = new Turns(LARGE_AT_ONCE);
