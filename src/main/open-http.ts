import type { Repositories } from "../contract/context.ts";
import { OperationError } from "../domain/errors.ts";
import { systemClock } from "../telemetry/clock.ts";
import { METRICS_CONTENT_TYPE } from "../telemetry/metric-registry.ts";
import { type HealthCheck, healthDoor, type Lifecycle } from "../transports/http/health-door.ts";
import type { HttpDoor } from "../transports/http/http-door.ts";
import { startHttpServer } from "../transports/http/http-server.ts";
import { metricsDoor } from "../transports/http/metrics-door.ts";
import { VERSION } from "../version.ts";
import type { DoorServices } from "./door-services.ts";

/** Opens the HTTP port, and a port for metrics alone where one is configured. */
export function openHttp(
  { config, telemetry, newRequestId, onBug }: DoorServices,
  checks: Readonly<Record<string, HealthCheck>>,
  lifecycle: () => Lifecycle,
) {
  const startedAtMs = systemClock.monotonicMs();
  const health = healthDoor({
    version: VERSION,
    checks,
    lifecycle,
    uptimeMs: () => systemClock.monotonicMs() - startedAtMs,
  });
  const metrics = metricsDoor({ contentType: METRICS_CONTENT_TYPE, render: () => telemetry.registry.render() });
  const listen = (port: number, doors: readonly HttpDoor[]) =>
    startHttpServer({
      host: config.host,
      port,
      doors,
      newRequestId,
      onBug,
    });
  const apart = typeof config.metricsPort === "number" ? listen(config.metricsPort, [metrics]) : undefined;
  const joined = config.metricsPort === "http" ? [health, metrics] : [health];
  const http = config.httpPort === "off" ? undefined : listen(config.httpPort, joined);
  return {
    ...(http === undefined ? {} : { http: `http://${http.host}:${http.port}` }),
    ...(apart === undefined ? {} : { metrics: `http://${apart.host}:${apart.port}` }),
    async close() {
      const servers = [http, apart].filter((server) => server !== undefined);
      await Promise.all(servers.map((server) => server.close(config.drainTimeoutMs)));
    },
  };
}

/** The check of the storages. Throws `storage_unusable` for the first that cannot be read and written. */
export async function checkStorages(repositories: Repositories): Promise<undefined> {
  const broken = (await repositories.storages()).find(({ readable, writeable }) => !readable || !writeable);
  if (broken !== undefined) throw new OperationError("storage_unusable", { storage: broken.name });
}
