import type { Clock } from "../contract/context.ts";
import type { Recorder } from "../engine/record.ts";
import { createLog, type Log, type LogLevel, type LogSink } from "./log.ts";
import { MetricRegistry } from "./metric-registry.ts";
import { type CodeOfDoorError, createRecorder } from "./operation-recorder.ts";
import { addProcessMetrics } from "./process-metrics.ts";
import { ServerMetrics } from "./server-metrics.ts";

export interface TelemetryOptions {
  readonly version: string;
  readonly logLevel: LogLevel;
  readonly clock: Clock;
  /** Standard error when absent. */
  readonly sink?: LogSink;
  readonly codeOfDoorError?: CodeOfDoorError;
}

/** All by which the server tells how it is doing. */
export interface Telemetry {
  readonly log: Log;
  readonly registry: MetricRegistry;
  readonly metrics: ServerMetrics;
  readonly recorder: Recorder;
  /** Stops measuring and writes what the log holds back. */
  close(): void;
}

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const log = createLog(options.logLevel, options.sink);
  const registry = new MetricRegistry();
  const metrics = new ServerMetrics(registry);
  const stop = addProcessMetrics(registry, options.version);
  return {
    log,
    registry,
    metrics,
    recorder: createRecorder(metrics, log, options.clock, options.codeOfDoorError),
    close: () => {
      stop();
      log.flush();
    },
  };
}
