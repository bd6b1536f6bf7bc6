import { OperationError } from "../../domain/errors.ts";
import type { HttpDoor } from "./http-door.ts";

export interface MetricsOptions {
  readonly contentType: string;
  readonly render: () => string;
}

/** `/metrics` for Prometheus. */
export function metricsDoor({ contentType, render }: MetricsOptions): HttpDoor {
  return (request, { url }) => {
    if (url.pathname !== "/metrics") return undefined;
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new OperationError("method_not_allowed", { method: request.method, allowed: ["GET", "HEAD"] });
    }
    return new Response(render(), { headers: { "content-type": contentType, "cache-control": "no-store" } });
  };
}
