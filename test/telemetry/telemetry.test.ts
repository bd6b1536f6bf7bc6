import { afterEach, describe, expect, test } from "bun:test";
import type { Caller } from "../../src/contract/principal.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { grpcObserver } from "../../src/telemetry/grpc-observer.ts";
import type { LogLevel } from "../../src/telemetry/log.ts";
import { requestIds } from "../../src/telemetry/request-ids.ts";
import { createTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { FakeClock } from "../support/fake-clock.ts";

const CALLER: Caller = {
  principal: { kind: "service", name: "service" },
  door: "gitaly",
  requestId: "id-1",
  peer: "127.0.0.1:5",
  signal: new AbortController().signal,
  actor: { id: 'user-"1"', username: "jane", name: new Uint8Array(), email: new Uint8Array() },
};

let open: Telemetry | undefined;
afterEach(() => open?.close());

function telemetry(logLevel: LogLevel = "info") {
  const clock = new FakeClock();
  let text = "";
  const made = createTelemetry({
    version: "1.2.3",
    logLevel,
    clock,
    sink: (more) => (text += more),
    codeOfDoorError: (error) => (error instanceof RangeError ? "invalid_argument" : undefined),
  });
  open = made;
  const lines = (): Record<string, unknown>[] => {
    made.log.flush();
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { ...made, clock, lines };
}

describe("createTelemetry", () => {
  test("an operation is one line and moves its metrics", () => {
    const { recorder, registry, clock, lines } = telemetry();
    const record = recorder.begin("findCommit", CALLER);
    expect(registry.render()).toContain('holdfast_operations_in_flight{operation="findCommit",door="gitaly"} 1');
    record.repository({ storage: "default", relativePath: 'odd "name"\n.git' });
    clock.advance(0.25);
    record.queued(0.25);
    clock.advance(1);
    record.end();
    expect(lines()).toEqual([
      {
        level: "info",
        time: "2026-01-01T00:00:00.001Z",
        operation: "findCommit",
        door: "gitaly",
        code: "ok",
        elapsed_ms: 1.25,
        queued_ms: 0.25,
        storage: "default",
        repository: 'odd "name"\n.git',
        caller: "service",
        actor: 'user-"1"',
        peer: "127.0.0.1:5",
        request_id: "id-1",
        msg: "operation",
      },
    ]);
    const metrics = registry.render();
    expect(metrics).toContain('holdfast_operations_in_flight{operation="findCommit",door="gitaly"} 0');
    expect(metrics).toContain(
      'holdfast_operation_seconds_bucket{operation="findCommit",door="gitaly",code="ok",le="0.001"} 0',
    );
    expect(metrics).toContain(
      'holdfast_operation_seconds_bucket{operation="findCommit",door="gitaly",code="ok",le="0.002"} 1',
    );
    expect(metrics).toContain('holdfast_operation_queue_seconds_count{operation="findCommit",door="gitaly"} 1');
  });

  test("a failure of the client's names its reason; one of the server's comes with its cause", () => {
    const { recorder, registry, lines } = telemetry();
    recorder.begin("findCommit", CALLER).end(new OperationError("repository_not_found", { repository: "x" }));
    recorder
      .begin("findCommit", CALLER)
      .end(
        new OperationError(
          "git_failed",
          { command: "log", exitCode: 128 },
          { context: { stderr: "fatal: no" }, cause: new Error("why") },
        ),
      );
    recorder.begin("findCommit", CALLER).end(new TypeError("x is undefined"));
    const [missing, failed, bug] = lines();
    expect(missing).toMatchObject({ level: "info", code: "not_found", reason: "repository_not_found" });
    expect(failed).toMatchObject({
      level: "error",
      code: "internal",
      reason: "git_failed",
      context: { stderr: "fatal: no" },
    });
    expect(JSON.stringify(failed)).toContain("why");
    expect(bug).toMatchObject({ level: "error", code: "internal", reason: "bug" });
    recorder.begin("commitFiles", CALLER).end(new RangeError("no such action"));
    expect(lines().at(-1)).toMatchObject({ level: "info", code: "invalid_argument", reason: "refused_by_door" });
    expect(JSON.stringify(bug)).toContain("x is undefined");
    const metrics = registry.render();
    for (const reason of ["repository_not_found", "git_failed", "bug"]) {
      expect(metrics).toContain(
        `holdfast_operation_errors_total{operation="findCommit",door="gitaly",reason="${reason}"} 1`,
      );
    }
  });

  test("who meets a limit is told of in a short line", () => {
    const { recorder, lines } = telemetry();
    const details = { what: "pack", sizeBytes: 2, limitBytes: 1 };
    recorder.begin("receivePack", CALLER).end(new OperationError("too_large", details));
    expect(lines()).toMatchObject([{ level: "warn", code: "resource_exhausted", reason: "too_large", details }]);
    expect(JSON.stringify(lines())).not.toContain("stack");
  });

  test("the level decides which lines are written", () => {
    const { recorder, log, lines } = telemetry("warn");
    recorder.begin("findCommit", CALLER).end();
    log.logger.info("no");
    log.logger.warn({ some_fact: 1 }, "yes");
    expect(lines()).toMatchObject([{ level: "warn", some_fact: 1, msg: "yes" }]);
  });

  test("counts gRPC calls under the usual names", () => {
    const { metrics, registry } = telemetry();
    const observer = grpcObserver(metrics, ["OK", "Canceled"])({
      service: "gitaly.RefService",
      name: "ListRefs",
      bound: { kind: "server_streaming" },
    });
    observer.started();
    observer.started();
    observer.handled(0, 3);
    observer.handled(1, 4);
    const text = registry.render();
    const labels = 'grpc_type="server_stream",grpc_service="gitaly.RefService",grpc_method="ListRefs"';
    expect(text).toContain(`grpc_server_started_total{${labels}} 2`);
    expect(text).toContain(`grpc_server_handled_total{${labels},grpc_code="OK"} 1`);
    expect(text).toContain(`grpc_server_handled_total{${labels},grpc_code="Canceled"} 1`);
    expect(text).toContain(`grpc_server_handling_seconds_count{${labels}} 2`);
  });

  test("tells of the process", () => {
    const text = telemetry().registry.render();
    expect(text).toContain('holdfast_build_info{version="1.2.3"} 1');
    expect(text).toMatch(/process_resident_memory_bytes [1-9]\d{6,}/);
    expect(text).toMatch(/process_open_fds [1-9]/);
    expect(text).toMatch(/process_cpu_seconds_total 0\.\d+|process_cpu_seconds_total \d/);
    expect(text).toContain('holdfast_event_loop_delay_seconds{quantile="0.99"}');
  });

  test("costs less than 10 µs of processor time per operation", () => {
    const { recorder, metrics } = telemetry();
    const observer = grpcObserver(metrics, ["OK"])({ service: "s", name: "m", bound: { kind: "unary" } });
    const calls = metrics.backendCalls("libgit2", "objects", "read");
    const ref = { storage: "default", relativePath: "@hashed/aa/bb/aabb.git" };
    const run = (count: number) => {
      const before = process.cpuUsage();
      for (let i = 0; i < count; i++) {
        observer.started();
        const record = recorder.begin("findCommit", CALLER);
        record.repository(ref);
        record.queued(0);
        calls.add();
        record.end();
        observer.handled(0, 1);
      }
      const { user, system } = process.cpuUsage(before);
      return (user + system) / count;
    };
    run(20_000);
    // Far above what it takes on a quiet machine: it shall catch a logger or a registry that is ten times slower, no more.
    expect(run(20_000)).toBeLessThan(10);
  });
});

describe("requestIds", () => {
  test("differ, also from those of another start", () => {
    const next = requestIds("p");
    expect([next(), next()]).toEqual(["p-1", "p-2"]);
    expect(requestIds()()).not.toBe(requestIds()());
  });
});
