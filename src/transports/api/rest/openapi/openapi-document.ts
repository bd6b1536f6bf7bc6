import type { Operation } from "../../../../contract/operation.ts";
import { REASONS } from "../../../../domain/reasons.ts";
import { restRoutes } from "../rest-route.ts";
import { describeRoute, templateOf } from "./describe-route.ts";
import { sharedAnswers } from "./describe-errors.ts";
import { describeOwnerAndName } from "./describe-owner-and-name.ts";
import { BYTES_SCHEMA } from "../../derived/json-schema.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** The description of the REST API as OpenAPI 3.1, in an order that stays. */
export function openapiDocument(operations: readonly Operation[], version: string): object {
  const paths = new Map<string, Map<string, object>>();
  const add = (path: string, method: string, description: object) => {
    const methods = paths.get(path) ?? new Map<string, object>();
    paths.set(path, methods.set(method, description));
  };
  for (const prepared of restRoutes(operations))
    add(templateOf(prepared.path), prepared.route.method, describeRoute(prepared));
  for (const { path, method, description } of describeOwnerAndName()) add(path, method, description);
  const tags = new Set<string>();
  const sorted = [...paths]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, methods]) => {
      const inOrder = [...methods].sort(([a], [b]) => METHODS.indexOf(a) - METHODS.indexOf(b));
      for (const [, description] of inOrder) for (const tag of (description as { tags: string[] }).tags) tags.add(tag);
      return [path, Object.fromEntries(inOrder.map(([method, each]) => [method.toLowerCase(), each]))] as const;
    });
  return {
    openapi: "3.1.1",
    info: {
      title: "Holdfast",
      version,
      summary: "Git repositories over REST",
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{}, { token: [] }, { password: [] }],
    tags: [...tags].sort().map((name) => ({ name })),
    paths: Object.fromEntries(sorted),
    components: COMPONENTS,
  };
}

const DESCRIPTION = `Every operation is a route. Fields are in the query of \`GET\` and \`DELETE\`, and in the JSON body of the others; a field that is not known is an
error that names the nearest one. Lists come in pages: \`next_cursor\` of one is \`cursor\` of the next.

Names, paths and messages are bytes: text where they are UTF-8, else \`{"base64": "…"}\`; in addresses they are percent-encoded.

Errors are JSON: \`error\` is a sentence, \`reason\` is for programs.`;

const text = (description: string, more: object = {}) => ({ description, schema: { type: "string", ...more } });

const COMPONENTS = {
  schemas: {
    Bytes: BYTES_SCHEMA,
    Error: {
      type: "object",
      description: "Why a request failed",
      properties: {
        error: {
          type: "string",
          description: "What went wrong, in one sentence",
          examples: ["repository not found: alice/myrepo"],
        },
        code: { type: "string", enum: [...new Set(Object.values(REASONS).map(({ code }) => code))].sort() },
        reason: { type: "string", enum: Object.keys(REASONS).sort() },
        details: { type: "object", description: "The facts of the reason" },
        request_id: { type: "string", description: "Finds the request in the server's log" },
      },
      required: ["error", "code", "reason", "details", "request_id"],
    },
  },
  parameters: {
    repo: {
      name: "repo",
      in: "path",
      required: true,
      description: "Full name of the repository, its slashes escaped: alice%2Fmyrepo",
      schema: { type: "string", minLength: 1 },
      example: "alice/myrepo",
    },
    "Idempotency-Key": {
      name: "Idempotency-Key",
      in: "header",
      ...text("The write happens once for all requests with this key; the first answer is kept for a day", {
        minLength: 1,
        maxLength: 255,
        pattern: "^[\\x21-\\x7e]+$",
      }),
    },
    "If-Match": {
      name: "If-Match",
      in: "header",
      ...text("What the client takes for the current ETag; 412 where it is another"),
    },
    "If-None-Match": {
      name: "If-None-Match",
      in: "header",
      ...text("An ETag that the client has; 304 where it is still the same"),
    },
    Range: { name: "Range", in: "header", ...text("One range of bytes: bytes=0-99") },
    "Holdfast-Session": {
      name: "Holdfast-Session",
      in: "header",
      ...text("The session, where the query does not name it"),
    },
  },
  responses: sharedAnswers(),
  headers: {
    ETag: text("Identifies this state of the answer"),
    "Content-Range": text("Which bytes these are, and of how many"),
    "Idempotent-Replayed": text("true: this is what came of an earlier request with the same key"),
    "Retry-After": { description: "Seconds after which to try again", schema: { type: "integer" } },
    "WWW-Authenticate": text("How to say who is asking"),
  },
  securitySchemes: {
    token: { type: "http", scheme: "bearer", description: "A token" },
    password: { type: "http", scheme: "basic", description: "A token as the password, under any name" },
  },
};
