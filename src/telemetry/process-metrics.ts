import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { MetricRegistry } from "./metric-registry.ts";

/** How often the event loop is looked at. */
const EVENT_LOOP_RESOLUTION_MS = 20;
const QUANTILES = [0.5, 0.9, 0.99, 1];
const NANOSECONDS_PER_SECOND = 1e9;
const MICROSECONDS_PER_SECOND = 1e6;

/** Metrics of the process itself, with the names that Prometheus clients give them. Returns what stops the measuring. */
export function addProcessMetrics(registry: MetricRegistry, version: string): () => void {
  registry
    .gauge("holdfast_build_info", "The version that runs; the value is always 1.", ["version"])
    .with(version)
    .set(1);
  const cpu = registry.counter("process_cpu_seconds_total", "Processor time, user and system.").with();
  const resident = registry.gauge("process_resident_memory_bytes", "Resident memory.").with();
  const descriptors = registry.gauge("process_open_fds", "Open file descriptors.").with();
  const started = registry
    .gauge("process_start_time_seconds", "When the process started, in seconds since 1970.")
    .with();
  started.set(Math.round(Date.now() / 1000 - process.uptime()));
  const delay = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  delay.enable();
  const lateness = registry.gauge(
    "holdfast_event_loop_delay_seconds",
    "How late the event loop got to its timers since the last collection, by quantile; 1 is the maximum.",
    ["quantile"],
  );
  registry.onCollect(() => {
    const { user, system } = process.cpuUsage();
    cpu.value = (user + system) / MICROSECONDS_PER_SECOND;
    resident.set(process.memoryUsage.rss());
    descriptors.set(openDescriptors());
    for (const quantile of QUANTILES) {
      const nanoseconds = delay.count === 0 ? 0 : delay.percentile(quantile * 100);
      lateness.with(String(quantile)).set(nanoseconds / NANOSECONDS_PER_SECOND);
    }
    delay.reset();
  });
  return () => delay.disable();
}

function openDescriptors(): number {
  try {
    // One of them is the directory itself.
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return 0;
  }
}
