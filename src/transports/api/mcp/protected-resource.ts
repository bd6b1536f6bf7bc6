import { OperationError } from "../../../domain/errors.ts";
import type { HttpCall } from "../../http/http-door.ts";
import { MCP_PATH, METADATA_PATH, METADATA_PATHS } from "./mcp-paths.ts";

/** The protected resource's metadata (RFC 9728); undefined for other addresses. */
export function protectedResource(request: Request, { url }: HttpCall, origin: string): Response | undefined {
  if (!METADATA_PATHS.has(url.pathname)) return undefined;
  if (request.method !== "GET" && request.method !== "HEAD")
    throw new OperationError("method_not_allowed", { method: request.method, allowed: ["GET", "HEAD"] });
  const metadata = {
    resource: `${origin}${MCP_PATH}`,
    resource_name: "Holdfast",
    // Tokens are Holdfast's own (`holdfast token create`): no other server issues them.
    bearer_methods_supported: ["header"],
    resource_documentation: `${origin}/docs`,
  };
  return Response.json(metadata, { headers: { "cache-control": "public, max-age=3600" } });
}

/** How a client is told to say who asks (RFC 6750, RFC 9728). */
export const challengeOf = (origin: string): string =>
  `Bearer realm="Holdfast", resource_metadata="${origin}${METADATA_PATH}"`;
