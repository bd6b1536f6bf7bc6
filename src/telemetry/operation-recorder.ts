import type { Clock } from "../contract/context.ts";
import type { Caller } from "../contract/principal.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { Code } from "../domain/code.ts";
import { hasReason, OperationError } from "../domain/errors.ts";
import type { OperationRecord, Recorder } from "../engine/record.ts";
import type { Histogram } from "./instruments.ts";
import { type Log, timestamp } from "./log.ts";
import type { OperationMetrics, ServerMetrics } from "./server-metrics.ts";

/** Codes of failures that are the server's fault, and how loudly the log says so. */
const LOUDNESS: Readonly<Partial<Record<Code, "warn" | "error">>> = {
  resource_exhausted: "warn",
  unavailable: "warn",
  internal: "error",
  data_loss: "error",
};

type Outcome = Code | "ok";

/**
 * The code of a door's own errors, which reach an operation through the parts of an upload; undefined for all others. Doors do
 * not know telemetry, nor telemetry doors.
 */
export type CodeOfDoorError = (error: unknown) => Code | undefined;

interface Verdict {
  readonly code: Code;
  readonly reason: string;
}

/** Takes down how operations went: their metrics, and one line each in the log. */
export function createRecorder(
  metrics: ServerMetrics,
  log: Log,
  clock: Clock,
  codeOfDoorError: CodeOfDoorError = () => undefined,
): Recorder {
  const series = new SeriesOfOperations(metrics);
  const verdictOn = (error: unknown): Verdict => {
    if (error instanceof OperationError) return { code: error.code, reason: error.reason };
    const code = codeOfDoorError(error);
    // What is neither was not thrown on purpose.
    return code === undefined ? { code: "internal", reason: "bug" } : { code, reason: "refused_by_door" };
  };
  return {
    begin: (operation, caller) =>
      new RunningOperation(operation, caller, series.of(operation, caller.door), log, clock, verdictOn),
  };
}

/** The series of each operation and door, found without building a key from both. */
class SeriesOfOperations {
  readonly #metrics: ServerMetrics;
  readonly #byOperation = new Map<string, Map<string, OperationSeries>>();

  constructor(metrics: ServerMetrics) {
    this.#metrics = metrics;
  }

  of(operation: string, door: string): OperationSeries {
    let byDoor = this.#byOperation.get(operation);
    if (byDoor === undefined) this.#byOperation.set(operation, (byDoor = new Map()));
    let series = byDoor.get(door);
    if (series === undefined)
      byDoor.set(door, (series = new OperationSeries(this.#metrics.operation(operation, door))));
    return series;
  }
}

class OperationSeries {
  readonly metrics: OperationMetrics;
  readonly #seconds = new Map<Outcome, Histogram>();

  constructor(metrics: OperationMetrics) {
    this.metrics = metrics;
  }

  seconds(outcome: Outcome): Histogram {
    let histogram = this.#seconds.get(outcome);
    if (histogram === undefined) this.#seconds.set(outcome, (histogram = this.metrics.seconds(outcome)));
    return histogram;
  }
}

class RunningOperation implements OperationRecord {
  readonly #operation: string;
  readonly #caller: Caller;
  readonly #series: OperationSeries;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #verdictOn: (error: unknown) => Verdict;
  readonly #startedAtMs: number;
  #repository: RepositoryRef | undefined;
  #queuedMs = 0;

  constructor(
    operation: string,
    caller: Caller,
    series: OperationSeries,
    log: Log,
    clock: Clock,
    verdictOn: (error: unknown) => Verdict,
  ) {
    this.#operation = operation;
    this.#caller = caller;
    this.#series = series;
    this.#log = log;
    this.#clock = clock;
    this.#verdictOn = verdictOn;
    this.#startedAtMs = clock.monotonicMs();
    series.metrics.inFlight.add(1);
  }

  repository(ref: RepositoryRef): void {
    this.#repository = ref;
  }

  queued(waitedMs: number): void {
    this.#queuedMs = waitedMs;
    this.#series.metrics.queueSeconds.observe(waitedMs / 1000);
  }

  end(error?: unknown): void {
    const elapsedMs = this.#clock.monotonicMs() - this.#startedAtMs;
    const { metrics } = this.#series;
    metrics.inFlight.add(-1);
    if (error === undefined) {
      this.#series.seconds("ok").observe(elapsedMs / 1000);
      this.#logQuietly("ok", elapsedMs, undefined);
      return;
    }
    const { code, reason } = this.#verdictOn(error);
    this.#series.seconds(code).observe(elapsedMs / 1000);
    metrics.errors(reason).add();
    const loudness = reason === "refused_by_door" ? undefined : LOUDNESS[code];
    if (loudness === undefined) this.#logQuietly(code, elapsedMs, reason);
    else this.#logLoudly(loudness, code, elapsedMs, reason, error);
  }

  /** The line of almost all operations, put together by hand: a general logger takes ten times as long. */
  #logQuietly(code: Outcome, elapsedMs: number, reason: string | undefined): void {
    if (!this.#log.logger.isLevelEnabled("info")) return;
    const { door, requestId, principal, actor, peer } = this.#caller;
    const repository = this.#repository;
    let line = `{"level":"info","time":"${timestamp(this.#clock.nowMs())}","operation":"${this.#operation}","door":"${door}"`;
    line += `,"code":"${code}","elapsed_ms":${rounded(elapsedMs)},"queued_ms":${rounded(this.#queuedMs)}`;
    if (reason !== undefined) line += `,"reason":"${reason}"`;
    if (repository !== undefined) {
      line += `,"storage":${JSON.stringify(repository.storage)},"repository":${JSON.stringify(repository.relativePath)}`;
    }
    line += `,"caller":${JSON.stringify(principal.name)}`;
    if (actor !== undefined) line += `,"actor":${JSON.stringify(actor.id)}`;
    line += `,"peer":"${peer}","request_id":${JSON.stringify(requestId)},"msg":"operation"}`;
    this.#log.write(line);
  }

  #logLoudly(level: "warn" | "error", code: Code, elapsedMs: number, reason: string, error: unknown): void {
    const { door, requestId, principal, actor, peer } = this.#caller;
    const facts = {
      operation: this.#operation,
      door,
      code,
      elapsed_ms: rounded(elapsedMs),
      queued_ms: rounded(this.#queuedMs),
      reason,
      storage: this.#repository?.storage,
      repository: this.#repository?.relativePath,
      caller: principal.name,
      actor: actor?.id,
      peer,
      request_id: requestId,
      context: error instanceof OperationError ? error.context : undefined,
      // A limit can be met by anybody, and is no riddle: how we got there is told of all else.
      ...(isAtLimit(error) ? { details: error.details } : { err: error }),
    };
    this.#log.logger[level](facts, "operation");
  }
}

function isAtLimit(error: unknown): error is OperationError {
  return hasReason(error, "limit_exceeded") || hasReason(error, "too_large");
}

/** Microseconds are enough. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
