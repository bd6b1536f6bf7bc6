import { type BackendMethod, facetsOf, isStream, methodOf, type MethodEntry } from "../backend-methods.ts";
import type { GitBackend } from "../backend.ts";

/** What to do to a call. What is absent is left as it is. */
export interface Fault {
  /** Holds the call until it resolves. */
  readonly before?: () => Promise<void>;
  /** Thrown instead of an answer; by a stream after so many pieces. */
  readonly error?: Error;
  readonly errorAfterPieces?: number;
  /** Replaces the answer; of a stream each piece. */
  readonly change?: (answer: unknown) => unknown;
}

/** Chooses a fault for a call; undefined lets it through. */
export type FaultPlan = (entry: MethodEntry, view: unknown, args: readonly unknown[]) => Fault | undefined;

/** A backend that fails, lies and waits as a test wants it to. */
export function createFaultyBackend(backend: GitBackend, plan: FaultPlan): GitBackend {
  const facets = facetsOf((entry) => {
    const method = methodOf(backend, entry);
    return isStream(entry.kind) ? faultyStream(entry, method, plan) : faultyCall(entry, method, plan);
  });
  return {
    name: backend.name,
    ...facets,
    supports: backend.supports,
    forget: (gitDir) => backend.forget(gitDir),
    close: () => backend.close(),
  };
}

function faultyCall(entry: MethodEntry, method: BackendMethod, plan: FaultPlan): BackendMethod {
  return async (view, a, b, c) => {
    const fault = plan(entry, view, [a, b, c]);
    await fault?.before?.();
    if (fault?.error !== undefined) throw fault.error;
    const answer = await (method(view, a, b, c) as Promise<unknown>);
    return fault?.change === undefined ? answer : fault.change(answer);
  };
}

function faultyStream(entry: MethodEntry, method: BackendMethod, plan: FaultPlan): BackendMethod {
  return async function* (view, a, b, c) {
    const fault = plan(entry, view, [a, b, c]);
    await fault?.before?.();
    const error = fault?.error;
    let left = fault?.errorAfterPieces ?? 0;
    if (error !== undefined && left === 0) throw error;
    for await (const piece of method(view, a, b, c) as AsyncIterable<unknown>) {
      yield fault?.change === undefined ? piece : fault.change(piece);
      if (error !== undefined && --left === 0) throw error;
    }
  };
}
