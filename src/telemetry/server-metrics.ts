import type { Counter, Gauge, Histogram } from "./instruments.ts";
import { LATENCY_BOUNDS_S } from "./latency-bounds.ts";
import type { MetricRegistry } from "./metric-registry.ts";

/** The series of one operation through one door. */
export interface OperationMetrics {
  readonly inFlight: Gauge;
  readonly queueSeconds: Histogram;
  seconds(code: string): Histogram;
  errors(reason: string): Counter;
}

/** The series of one gRPC method. */
export interface GrpcMethodMetrics {
  readonly started: Counter;
  readonly seconds: Histogram;
  handled(code: string): Counter;
}

/** How a gRPC method's messages flow, as the label `grpc_type` names it. */
export type GrpcType = "unary" | "client_stream" | "server_stream" | "bidi_stream";

/** Everything that the server counts and measures about its work, each name declared once. */
export class ServerMetrics {
  readonly #operationSeconds;
  readonly #operationsInFlight;
  readonly #queueSeconds;
  readonly #operationErrors;
  readonly #backendCalls;
  readonly #backendFallbacks;
  readonly #canaryComparisons;
  readonly #canaryDifferences;
  readonly #lockWaitSeconds;
  readonly #childrenStarted;
  readonly #grpcStarted;
  readonly #grpcHandled;
  readonly #grpcSeconds;
  readonly #packCacheRequests;
  /** Bytes that the pack cache keeps. */
  readonly packCacheBytes: Gauge;
  /** Child processes that run. */
  readonly childrenRunning: Gauge;

  constructor(registry: MetricRegistry) {
    const operation = ["operation", "door"];
    const bounds = LATENCY_BOUNDS_S;
    this.#operationSeconds = registry.histogram(
      "holdfast_operation_seconds",
      "Time that operations took, their waiting included.",
      bounds,
      [...operation, "code"],
    );
    this.#operationsInFlight = registry.gauge("holdfast_operations_in_flight", "Operations that run.", operation);
    this.#queueSeconds = registry.histogram(
      "holdfast_operation_queue_seconds",
      "Time that operations waited for their turn.",
      bounds,
      operation,
    );
    this.#operationErrors = registry.counter("holdfast_operation_errors_total", "Operations that failed, by reason.", [
      ...operation,
      "reason",
    ]);
    const call = ["facet", "method"];
    this.#backendCalls = registry.counter("holdfast_backend_calls_total", "Calls to git backends.", [
      "backend",
      ...call,
    ]);
    this.#backendFallbacks = registry.counter(
      "holdfast_backend_fallbacks_total",
      "Calls that native git answered because the chosen backend does not.",
      [...call, "cause"],
    );
    this.#canaryComparisons = registry.counter(
      "holdfast_canary_comparisons_total",
      "Reads that both backends answered.",
      call,
    );
    this.#canaryDifferences = registry.counter(
      "holdfast_canary_differences_total",
      "Reads that the two backends answered differently.",
      call,
    );
    this.#lockWaitSeconds = registry.histogram(
      "holdfast_lock_wait_seconds",
      "Time spent waiting for the lock of a repository.",
      bounds,
      ["side"],
    );
    this.#childrenStarted = registry.counter("holdfast_child_processes_started_total", "Child processes started.", [
      "command",
    ]);
    this.childrenRunning = registry.gauge("holdfast_child_processes_running", "Child processes that run.").with();
    // Every fetch is negotiated in this process; the number is there to be watched.
    registry.counter("holdfast_upload_pack_handed_over_total", "Fetches that were left to git upload-pack.").with();
    this.#packCacheRequests = registry.counter(
      "holdfast_pack_cache_requests_total",
      "Packs asked for: found (hit), joined while being made (shared), made (miss), made without the cache (bypass).",
      ["result"],
    );
    this.packCacheBytes = registry.gauge("holdfast_pack_cache_bytes", "Bytes that the pack cache keeps.").with();
    const method = ["grpc_type", "grpc_service", "grpc_method"];
    this.#grpcStarted = registry.counter("grpc_server_started_total", "gRPC calls started.", method);
    this.#grpcHandled = registry.counter("grpc_server_handled_total", "gRPC calls completed, by status.", [
      ...method,
      "grpc_code",
    ]);
    this.#grpcSeconds = registry.histogram(
      "grpc_server_handling_seconds",
      "Time that gRPC calls took.",
      bounds,
      method,
    );
  }

  operation(operation: string, door: string): OperationMetrics {
    return {
      inFlight: this.#operationsInFlight.with(operation, door),
      queueSeconds: this.#queueSeconds.with(operation, door),
      seconds: (code) => this.#operationSeconds.with(operation, door, code),
      errors: (reason) => this.#operationErrors.with(operation, door, reason),
    };
  }

  grpcMethod(type: GrpcType, service: string, method: string): GrpcMethodMetrics {
    return {
      started: this.#grpcStarted.with(type, service, method),
      seconds: this.#grpcSeconds.with(type, service, method),
      handled: (code) => this.#grpcHandled.with(type, service, method, code),
    };
  }

  /** Calls of one method of one backend: keep the series, each call is worth an addition and no more. */
  backendCalls(backend: string, facet: string, method: string): Counter {
    return this.#backendCalls.with(backend, facet, method);
  }

  backendFallbacks(facet: string, method: string, cause: string): Counter {
    return this.#backendFallbacks.with(facet, method, cause);
  }

  canaryComparisons(facet: string, method: string): Counter {
    return this.#canaryComparisons.with(facet, method);
  }

  canaryDifferences(facet: string, method: string): Counter {
    return this.#canaryDifferences.with(facet, method);
  }

  lockWaitSeconds(side: "shared" | "exclusive"): Histogram {
    return this.#lockWaitSeconds.with(side);
  }

  childrenStarted(command: string): Counter {
    return this.#childrenStarted.with(command);
  }

  packCacheRequests(result: string): Counter {
    return this.#packCacheRequests.with(result);
  }
}
