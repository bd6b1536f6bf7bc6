import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";

/** Takes down how operations went: metrics and one log line each. Implemented by telemetry. */
export interface Recorder {
  begin(operation: string, caller: Caller): OperationRecord;
}

/** The record of one running operation. */
export interface OperationRecord {
  repository(ref: RepositoryRef): void;
  /** How long it waited for its turn. */
  queued(waitedMs: number): void;
  /** Called once, with what was thrown if it failed. */
  end(error?: unknown): void;
}
