import { OperationError } from "../../domain/errors.ts";
import { type BackendMethod, facetsOf, isStream, methodOf } from "../backend-methods.ts";
import type { GitBackend } from "../backend.ts";

/** Takes down the calls of one method; made once for each, so that a call costs little. */
export interface CallObserver {
  /** A call ended; `reason` is absent when it succeeded, and `bug` for what is no OperationError. */
  ended(durationMs: number, reason: string | undefined): void;
}

export interface TracedBackendOptions {
  /** Gives the observer of a method. */
  readonly observe: (backend: string, facet: string, method: string) => CallObserver;
  readonly monotonicMs: () => number;
}

/** A backend whose calls are counted and timed. A stream counts once, from its first read to its end. */
export function createTracedBackend(backend: GitBackend, options: TracedBackendOptions): GitBackend {
  const { monotonicMs } = options;
  const facets = facetsOf((entry) => {
    const method = methodOf(backend, entry);
    const observer = options.observe(backend.name, entry.facet, entry.method);
    return isStream(entry.kind)
      ? tracedStream(method, observer, monotonicMs)
      : tracedCall(method, observer, monotonicMs);
  });
  return {
    name: backend.name,
    ...facets,
    supports: backend.supports,
    forget: (gitDir) => backend.forget(gitDir),
    close: () => backend.close(),
  };
}

function tracedCall(method: BackendMethod, observer: CallObserver, monotonicMs: () => number): BackendMethod {
  return (view, a, b, c) => {
    const startedAtMs = monotonicMs();
    const ended = (reason: string | undefined) => observer.ended(monotonicMs() - startedAtMs, reason);
    let answer: unknown;
    try {
      answer = method(view, a, b, c);
    } catch (error) {
      ended(reasonOf(error));
      throw error;
    }
    if (!(answer instanceof Promise)) {
      ended(undefined);
      return answer;
    }
    // One step of the queue of promises for each call, where an async function takes several.
    return answer.then(
      (value: unknown) => {
        ended(undefined);
        return value;
      },
      (error: unknown) => {
        ended(reasonOf(error));
        throw error;
      },
    );
  };
}

function tracedStream(method: BackendMethod, observer: CallObserver, monotonicMs: () => number): BackendMethod {
  return async function* (view, a, b, c) {
    const startedAtMs = monotonicMs();
    let reason: string | undefined;
    try {
      yield* method(view, a, b, c) as AsyncIterable<unknown>;
    } catch (error) {
      reason = reasonOf(error);
      throw error;
    } finally {
      observer.ended(monotonicMs() - startedAtMs, reason);
    }
  };
}

function reasonOf(error: unknown): string {
  return error instanceof OperationError ? error.reason : "bug";
}
