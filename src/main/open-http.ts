import type { Repositories } from "../contract/context.ts";
import { OperationError } from "../domain/errors.ts";
import { systemClock } from "../telemetry/clock.ts";
import { METRICS_CONTENT_TYPE } from "../telemetry/metric-registry.ts";
import { operations } from "../operations/index.ts";
import { MESSAGE_BYTES_MAX } from "../transports/api/mcp/read-message.ts";
import { JsonBodies } from "../transports/api/derived/json-bodies.ts";
import { GRAPHQL_BODY_BYTES_MAX, graphqlDoor } from "../transports/api/graphql/graphql-door.ts";
import { queriesOf } from "../transports/api/graphql/query-runner.ts";
import { subscribeDoor } from "../transports/api/graphql/subscribe-door.ts";
import { docsDoor } from "../transports/api/rest/docs-door.ts";
import { restDoor } from "../transports/api/rest/rest-door.ts";
import { smartHttpDoor } from "../transports/git/smart-http/smart-http-door.ts";
import { type HealthCheck, healthDoor, type Lifecycle } from "../transports/http/health-door.ts";
import type { HttpDoor } from "../transports/http/http-door.ts";
import { type Certificate, startHttpServer } from "../transports/http/http-server.ts";
import { metricsDoor } from "../transports/http/metrics-door.ts";
import { VERSION } from "../version.ts";
import type { DoorServices } from "./door-services.ts";
import { openLive } from "./open-live.ts";
import { openMcp } from "./open-mcp.ts";

/** Opens the HTTP port, and a port for metrics alone where one is configured. */
export function openHttp(
  services: DoorServices,
  checks: Readonly<Record<string, HealthCheck>>,
  lifecycle: () => Lifecycle,
) {
  const { config, telemetry, engine, authenticator, certificate, newRequestId, onBug } = services;
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
      authenticator,
      certificate,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
      allowedOrigins: config.allowedOrigins,
      newRequestId,
      onRefused: ({ requestId, peer, url }, method, { reason }) =>
        telemetry.log.logger.info(
          { operation: `${method} ${url.pathname}`, door: "http", reason, peer, request_id: requestId },
          "refused",
        ),
      onBug,
    });
  const apart = typeof config.metricsPort === "number" ? listen(config.metricsPort, [metrics]) : undefined;
  const git = smartHttpDoor({ engine, pushBytesMax: config.pushBytesMax, onBug });
  const bodies = new JsonBodies(restBodyBytesMax(config.blobBytesMax), services.bodies);
  const rest = restDoor({ engine, operations, bodies, onBug });
  const queries = queriesOf(operations);
  const queryBodies = new JsonBodies(GRAPHQL_BODY_BYTES_MAX, services.bodies);
  const live = openLive(services);
  const graphql = graphqlDoor({ engine, queries, bodies: queryBodies, streams: live.streams, onBug });
  const docs = docsDoor({ operations, version: VERSION });
  const subscriptions = subscribeDoor({ engine, queries, bodies: queryBodies, streams: live.streams, onBug });
  const mcp = openMcp({
    engine,
    operations,
    bodies: new JsonBodies(MESSAGE_BYTES_MAX, services.bodies),
    streams: live.streams,
    version: VERSION,
    publicUrl: config.publicUrl,
    toolsets: config.mcpToolsets,
    resultBytesMax: config.mcpResultBytes,
    nowMs: () => systemClock.nowMs(),
    onBug,
  });
  const joined =
    config.metricsPort === "http"
      ? [health, metrics, subscriptions, ...live.doors, rest, graphql, mcp.answer, docs, git]
      : [health, subscriptions, ...live.doors, rest, graphql, mcp.answer, docs, git];
  const http = config.httpPort === "off" ? undefined : listen(config.httpPort, joined);
  const servers = [http, apart].filter((server) => server !== undefined);
  const scheme = certificate === undefined ? "http" : "https";
  return {
    ...(http === undefined ? {} : { http: `${scheme}://${http.host}:${http.port}` }),
    ...(apart === undefined ? {} : { metrics: `${scheme}://${apart.host}:${apart.port}` }),
    /** For agents that come in through another port. */
    mcp: mcp.answer,
    useCertificate(next: Certificate) {
      for (const server of servers) server.useCertificate(next);
    },
    async close() {
      live.close();
      await Promise.all(servers.map((server) => server.close(config.drainTimeoutMs)));
      // What still runs here comes from elsewhere, or has been given up.
      await mcp.close();
    },
  };
}

/** The largest blob in base64, and something for the fields beside it. */
const restBodyBytesMax = (blobBytesMax: number) => Math.ceil(blobBytesMax / 3) * 4 + 1024 * 1024;

/** The check of the storages. Throws `storage_unusable` for the first that cannot be read and written. */
export async function checkStorages(repositories: Repositories): Promise<undefined> {
  const broken = (await repositories.storages()).find(({ readable, writeable }) => !readable || !writeable);
  if (broken !== undefined) throw new OperationError("storage_unusable", { storage: broken.name });
}
