import { withoutLongTexts } from "../../../domain/json-text.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { BodyRoom } from "../derived/body-budget.ts";
import type { JsonBodies } from "../derived/json-bodies.ts";
import type { HttpCall } from "../../http/http-door.ts";
import type { QueryParameters } from "./query-runner.ts";

const KNOWN: ReadonlySet<string> = new Set(["query", "operationName", "variables", "extensions"]);

/**
 * What a request asks: the JSON body of a POST, the address of a GET. Throws `malformed_request`, `media_type_unsupported` (a page of somebody
 * else's could send another type without asking), `too_large`.
 */
export async function readParameters(
  request: Request,
  call: HttpCall,
  bodies: JsonBodies,
  room: BodyRoom,
): Promise<QueryParameters> {
  if (request.method !== "POST") return ofAddress(call.url.searchParams);
  const body = await bodies.read(request, room, call.signal);
  if (body === undefined) throw malformed("body", "is missing");
  if (Array.isArray(body)) throw malformed("body", "is a list: send one query in a request");
  return checked(withoutLongTexts(body));
}

function ofAddress(address: URLSearchParams): QueryParameters {
  const json = (name: string): unknown => {
    const text = address.get(name);
    if (text === null || text === "") return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new OperationError("malformed_request", { part: name, problem: "is not JSON" }, { cause: error });
    }
  };
  return checked({
    query: address.get("query") ?? undefined,
    operationName: address.get("operationName") ?? undefined,
    variables: json("variables"),
    extensions: json("extensions"),
  });
}

function checked(given: unknown): QueryParameters {
  if (!isObject(given)) throw malformed("body", "is not a JSON object");
  const { query, operationName, variables, extensions, ...more } = given;
  const [unknown] = Object.keys(more).filter((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw malformed("body", `has ${JSON.stringify(unknown)}, which is not known`);
  if (!isAbsent(query) && typeof query !== "string") throw malformed("query", "is not a text");
  if (!isAbsent(operationName) && typeof operationName !== "string") throw malformed("operationName", "is not a text");
  if (!isAbsent(variables) && !isObject(variables)) throw malformed("variables", "are not a JSON object");
  if (!isAbsent(extensions) && !isObject(extensions)) throw malformed("extensions", "are not a JSON object");
  return {
    ...(!isAbsent(query) && { query: query as string }),
    ...(!isAbsent(operationName) && { operationName: operationName as string }),
    ...(!isAbsent(variables) && { variables: variables as Record<string, unknown> }),
    ...(!isAbsent(extensions) && { extensions: extensions as Record<string, unknown> }),
  };
}

const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const malformed = (part: string, problem: string) => new OperationError("malformed_request", { part, problem });
