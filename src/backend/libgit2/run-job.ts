import { OperationError } from "../../domain/errors.ts";
import type { RepositoryView } from "../backend.ts";
import type { CoreFunctions } from "./addon.ts";
import { translateError } from "./translate-error.ts";

/** Refuses what the addon does not do: other object formats, and requests that have ended. Every facet method asks first. */
export function checkView(view: RepositoryView): void {
  if (view.objectFormat !== "sha1") {
    throw new OperationError("unsupported", { what: `object format ${view.objectFormat}` });
  }
  if (view.signal?.aborted === true) throw new OperationError("canceled", {});
}

/** Submits a job with `start`, stops it when the view's signal is aborted, and translates its error. */
export async function runJob<T>(addon: CoreFunctions, view: RepositoryView, start: () => Promise<T>): Promise<T> {
  const { signal } = view;
  if (signal === undefined) return await translated(start());
  if (signal.aborted) throw new OperationError("canceled", {});
  const promise = start();
  const job = addon.lastJob();
  const cancel = () => addon.cancel(job);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await promise;
  } catch (error) {
    throw translateError(error);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/**
 * Asks the synchronous twin first; when that declines (null), submits the job. Small reads from memory are several times
 * faster without a thread.
 */
export async function runNow<T>(
  addon: CoreFunctions,
  view: RepositoryView,
  now: () => T | null,
  start: () => Promise<T>,
): Promise<T> {
  const result = askNow(now);
  return result === null ? await runJob(addon, view, start) : result;
}

/** Asks a synchronous twin, and translates its error; null where it declines. */
export function askNow<T>(now: () => T | null): T | null {
  try {
    return now();
  } catch (error) {
    throw translateError(error);
  }
}

async function translated<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw translateError(error);
  }
}
