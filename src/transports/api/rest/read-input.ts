import { OperationError } from "../../../domain/errors.ts";
import { relativePathsOfClonePath } from "../../../domain/clone-path.ts";
import type { Engine } from "../../../engine/engine.ts";
import { percentDecode, readQuery, valueOfText } from "./query.ts";
import { type RestRoute, takesBody } from "./rest-route.ts";
import { readBody } from "./read-body.ts";

/** The storage whose repositories have full names. */
const NAMED_STORAGE = "default";
/** Routes of staging areas, stashes and worktrees name their session here as well. */
const SESSION_HEADER = "holdfast-session";

/** What a request gives an operation: from its path, its query or its body, and its headers. Throws `malformed_request` and `invalid_input`. */
export async function readInput(
  { operation, route, parameters, fields, input }: RestRoute,
  request: Request,
  url: { readonly pathname: string; readonly search: string },
  engine: Engine,
  bodyBytesMax: number,
): Promise<Record<string, unknown>> {
  let values: Record<string, unknown>;
  if (takesBody(route)) {
    if (url.search !== "" && url.search !== "?") values = readQuery(url.search, sessionAlone(fields));
    else values = {};
    const body = await readBody(request, bodyBytesMax);
    if (body !== undefined) Object.assign(values, input.decode(checkBody(body, parameters)));
  } else {
    values = readQuery(url.search, fields);
  }
  const segments = url.pathname.split("/");
  for (const [index, parameter] of parameters) {
    const text = percentDecode(segments[index] ?? "", "path");
    if (parameter === "repo") values["repository"] = repositoryOf(text, engine);
    else values[parameter.field] = valueOfText(text, parameter);
  }
  const session = request.headers.get(SESSION_HEADER);
  if (session !== null && fields.has("session") && values["session"] === undefined) values["session"] = session;
  const ifMatch = request.headers.get("if-match");
  if (ifMatch !== null) {
    if (route.ifMatch === undefined)
      throw new OperationError("malformed_request", {
        part: "if-match",
        problem: `means nothing to ${operation.name}`,
      });
    values[route.ifMatch] ??= ifMatch.replace(/^"(.*)"$/, "$1");
  }
  return values;
}

/** A body is an object, and does not say again what the path says; the codec looks deeper. */
function checkBody(body: unknown, parameters: RestRoute["parameters"]): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new OperationError("malformed_request", { part: "body", problem: "is not a JSON object" });
  for (const parameter of [...parameters.values(), "repository" as const]) {
    const name = typeof parameter === "string" ? parameter : parameter.name;
    if (name in body) throw new OperationError("invalid_input", { field: name, problem: "is told by the path" });
  }
  return body;
}

/** A request with a body says in its query which session it means, and nothing else. */
function sessionAlone(fields: RestRoute["fields"]): RestRoute["fields"] {
  const session = fields.get("session");
  return session === undefined ? new Map() : new Map([["session", session]]);
}

/** Where the repository of a full name lies. Names that people may not give are looked for as well: a Gitaly client may have given them. */
function repositoryOf(text: string, engine: Engine) {
  const places = relativePathsOfClonePath(Buffer.from(text, "latin1").toString("utf8"));
  if (places === undefined)
    throw new OperationError("invalid_input", { field: "repo", problem: "is no name of a repository" });
  return engine.refOf(NAMED_STORAGE, places);
}
