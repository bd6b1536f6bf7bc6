import { unknownField } from "../../../contract/json-codec.ts";
import { type AtOnce, whenThere } from "../../../domain/at-once.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { expectedId } from "./conditions.ts";
import { brokenOff } from "../derived/json-bodies.ts";
import { percentDecode, readQuery, valueOfText } from "../derived/query.ts";
import { repositoryNamed } from "../derived/repository-field.ts";
import { addressOf, type RequestAddress } from "./request-address.ts";
import { type RestRoute, takesBody } from "./rest-route.ts";

/** Routes of staging areas, stashes and worktrees name their session here as well. */
const SESSION_HEADER = "holdfast-session";

/** What a request gives an operation: from its path, its query or its body, and its headers. Throws `malformed_request` and `invalid_input`. */
export function readInput(
  prepared: RestRoute,
  request: Request,
  engine: Engine,
  readBody: () => Promise<unknown>,
): AtOnce<Record<string, unknown>> {
  const address = addressOf(request);
  const said = takesBody(prepared.route)
    ? fieldsOfBody(prepared, address.search, readBody)
    : fieldsOfQuery(prepared, address.search, request);
  return whenThere(said, (values) => withAddress(values, prepared, address, request, engine));
}

async function fieldsOfBody(
  prepared: RestRoute,
  search: string,
  readBody: () => Promise<unknown>,
): Promise<Record<string, unknown>> {
  const values = search === "" || search === "?" ? {} : readQuery(search, sessionAlone(prepared.fields));
  const body = await readBody();
  return body === undefined ? values : Object.assign(values, prepared.input.decode(checkBody(body, prepared)));
}

function fieldsOfQuery({ fields }: RestRoute, search: string, request: Request): AtOnce<Record<string, unknown>> {
  const refused = request.body === null ? undefined : refuseBody(request).catch(brokenOff);
  return whenThere(refused, () => readQuery(search, fields));
}

/** Adds what the path and the headers say. */
function withAddress(
  values: Record<string, unknown>,
  { operation, route, parameters, fields, repositories }: RestRoute,
  { pathname }: RequestAddress,
  request: Request,
  engine: Engine,
): Record<string, unknown> {
  for (const [field, name] of repositories)
    if (values[field] !== undefined) values[field] = repositoryNamed(values[field], name, engine);
  const segments = pathname.split("/");
  for (const [index, parameter] of parameters) {
    const text = percentDecode(segments[index] ?? "", "path");
    if (parameter === "repo")
      values["repository"] = repositoryNamed(Buffer.from(text, "latin1").toString("utf8"), "repo", engine);
    else values[parameter.field] = valueOfText(text, parameter);
  }
  if (fields.has("session") && values["session"] === undefined) {
    const session = request.headers.get(SESSION_HEADER);
    if (session !== null) values["session"] = session;
  }
  if (operation.kind !== "read") {
    const meansNothing = (part: string) =>
      new OperationError("malformed_request", { part, problem: `means nothing to ${operation.name}` });
    // A condition that is not looked at would be a write that must not happen.
    if (request.headers.has("if-none-match")) throw meansNothing("if-none-match");
    const ifMatch = request.headers.get("if-match");
    if (ifMatch !== null) {
      if (route.ifMatch === undefined) throw meansNothing("if-match");
      const expected = expectedId(ifMatch);
      if ((values[route.ifMatch] ??= expected) !== expected)
        throw new OperationError("malformed_request", {
          part: "if-match",
          problem: "expects something else than the request's field",
        });
    }
  }
  return values;
}

/** A body is an object of known fields, and does not say again what the path says; the codec looks deeper. */
function checkBody(body: unknown, { parameters, repositories, fields }: RestRoute): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new OperationError("malformed_request", { part: "body", problem: "is not a JSON object" });
  for (const parameter of parameters.values()) {
    const name = parameter === "repo" ? "repo" : parameter.name;
    if (name in body) throw new OperationError("invalid_input", { field: name, problem: "is told by the path" });
  }
  for (const name of Object.keys(body)) {
    if (fields.has(name)) continue;
    const hasContent = [...fields.values()].some(({ schema }) => schema["content"] === true);
    if (name === "encoding" && hasContent) continue;
    throw unknownField(name, name, [...fields.keys(), ...(hasContent ? ["encoding"] : [])]);
  }
  // The codec knows fields by their own names.
  const renamed = new Map([...repositories].map(([field, name]) => [name, snake(field)]));
  if (renamed.size === 0) return body;
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [renamed.get(name) ?? name, value]));
}

const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What a GET or DELETE sends along would be passed over in silence. */
async function refuseBody(request: Request): Promise<void> {
  for await (const piece of request.body ?? []) {
    if (piece.length > 0)
      throw new OperationError("malformed_request", {
        part: "body",
        problem: `means nothing to a ${request.method}; fields stand in the query`,
      });
  }
}

/** A request with a body says in its query which session it means, and nothing else. */
function sessionAlone(fields: RestRoute["fields"]): RestRoute["fields"] {
  const session = fields.get("session");
  return session === undefined ? new Map() : new Map([["session", session]]);
}
