import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Operation } from "../../../contract/operation.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { HttpDoor } from "../../http/http-door.ts";
import { isUnchanged } from "./conditions.ts";
import { openapiDocument } from "./openapi/openapi-document.ts";

export interface DocsOptions {
  readonly operations: readonly Operation[];
  readonly version: string;
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Holdfast: REST API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <noscript>This page needs JavaScript; the description itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
    <div id="api"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  docExpansion: "none",
  deepLinking: true,
  validatorUrl: null,
  defaultModelsExpandDepth: -1,
  tagsSorter: "alpha",
});
`;

/** The page loads nothing from anywhere else, and nobody shows it in a frame. Its library writes styles into elements. */
const GUARDS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

interface Page {
  readonly type: string;
  readonly body: string | Blob;
  readonly etag: string;
}

/** `/openapi.json`, the description of the REST API, and `/docs`, the same to read; with all that it needs. */
export function docsDoor({ operations, version }: DocsOptions): HttpDoor {
  const library = (file: string, type: string) => (): Page => ({
    type,
    body: Bun.file(fileURLToPath(import.meta.resolve(`swagger-ui-dist/${file}`))),
    etag: `"${version}"`,
  });
  const pages = new Map<string, () => Page>([
    ["/openapi.json", once(() => pageOf("application/json", JSON.stringify(openapiDocument(operations, version))))],
    ["/docs", once(() => pageOf("text/html; charset=utf-8", PAGE))],
    ["/docs/start.js", once(() => pageOf("text/javascript; charset=utf-8", START))],
    ["/docs/swagger-ui.css", library("swagger-ui.css", "text/css; charset=utf-8")],
    ["/docs/swagger-ui-bundle.js", library("swagger-ui-bundle.js", "text/javascript; charset=utf-8")],
  ]);
  return (request, { url }) => {
    const page = pages.get(url.pathname === "/docs/" ? "/docs" : url.pathname);
    if (page === undefined) return undefined;
    if (request.method !== "GET" && request.method !== "HEAD")
      throw new OperationError("method_not_allowed", { method: request.method, allowed: ["GET", "HEAD"] });
    const { type, body, etag } = page();
    const headers = { ...GUARDS, "content-type": type, "cache-control": "no-cache", etag };
    if (isUnchanged(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
    return new Response(request.method === "HEAD" ? null : body, { headers });
  };
}

const pageOf = (type: string, body: string): Page => ({
  type,
  body,
  etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`,
});

/** Made when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
