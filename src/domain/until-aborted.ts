import { OperationError } from "./errors.ts";
import { LongWait } from "./long-wait.ts";

/** The same values, until the signal fires: then waiting for the next one throws `canceled`, whether it would ever come or not. */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const abort = () => aborted.reject(new OperationError("canceled", {}));
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const end = new LongWait(aborted.promise);
  const values = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await end.race(values.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    // Not awaited: a source that waits for its client may take for ever.
    void values.return?.().catch(() => undefined);
  }
}
