import type { TSchema } from "@sinclair/typebox";
import { type JsonCodec, jsonCodec } from "../../../contract/json-codec.ts";
import { PageOf } from "../../../contract/page.ts";
import type { HttpRoute, Operation } from "../../../contract/operation.ts";
import { isPaged, pagedFields } from "../derived/list-page.ts";
import { type DerivedField, derivedName } from "../derived/derived-field.ts";
import { isRepository } from "../derived/repository-field.ts";

/** An operation that stands in the REST API, prepared for requests. */
export interface RestRoute {
  readonly operation: Operation;
  readonly route: HttpRoute;
  /** The whole path, `/v1` included. */
  readonly path: string;
  /** Segments of the path by their index: fields of the input, or `repo`. */
  readonly parameters: ReadonlyMap<number, DerivedField | "repo">;
  /** Fields that stand in the query or in the body. */
  readonly fields: ReadonlyMap<string, DerivedField>;
  /** Fields of the operation that requests on this path do not have. */
  readonly left: readonly string[];
  /** Fields that are repositories and not in the path, with the names that requests give them. */
  readonly repositories: ReadonlyMap<string, string>;
  readonly input: JsonCodec;
  readonly output: JsonCodec;
  /** Finds out what the answer's ETag is made of, and nothing else; where the operation can tell cheaply. */
  readonly tagging?: CallVariant;
  /** The operation, but without content that is too large for memory; where there may be any. */
  readonly beginning?: CallVariant;
  /** Such content in pieces. */
  readonly pieces?: Operation<never, never, "download">;
}

type CallVariant = Operation<never, never, "call">;

/** Where the REST API begins. */
export const REST_PREFIX = "/v1";

/** Prepares the operations that have a route. Throws for a route whose parameters the input does not have. */
export function restRoutes(operations: readonly Operation[]): RestRoute[] {
  return operations.flatMap((operation) => {
    const { route } = operation;
    if (route === undefined) return [];
    const first = restRoute(operation, route, operation.input);
    return route.alsoAt === undefined ? [first] : [first, secondRoute(operation, route, route.alsoAt)];
  });
}

/** Where the second path names less than the first one, the fields in between are none of its own. */
function secondRoute(operation: Operation, route: HttpRoute, path: string): RestRoute {
  const named = fieldsOfPath(path);
  const left = new Set([...fieldsOfPath(route.path)].filter((field) => !named.has(field)));
  const properties = Object.entries(operation.input["properties"] as Record<string, TSchema>);
  const input = {
    ...operation.input,
    properties: Object.fromEntries(properties.filter(([field]) => !left.has(field))),
  };
  return { ...restRoute(operation, { ...route, path }, input), left: [...left] };
}

const fieldsOfPath = (path: string): ReadonlySet<string> =>
  new Set(
    path
      .split("/")
      .filter((segment) => segment.startsWith(":"))
      .map((segment) => (segment === ":repo" ? "repository" : segment.slice(1))),
  );

function restRoute(operation: Operation, route: HttpRoute, schema: TSchema): RestRoute {
  const properties = schema["properties"] as Record<string, TSchema>;
  const path = REST_PREFIX + route.path;
  const parameters = new Map<number, DerivedField | "repo">();
  const inPath = new Set<string>();
  for (const [index, segment] of path.split("/").entries()) {
    if (!segment.startsWith(":")) continue;
    const field = segment.slice(1);
    if (field !== "repo" && properties[field] === undefined)
      throw new Error(`${operation.name}: the route's :${field} is no field of its input`);
    parameters.set(index, field === "repo" ? "repo" : { field, name: field, schema: properties[field]! });
    inPath.add(field === "repo" ? "repository" : field);
  }
  const repositories = new Map<string, string>();
  const fields = new Map<string, DerivedField>();
  for (const [field, schema] of Object.entries(properties)) {
    if (inPath.has(field)) continue;
    const name = derivedName(field, schema, "snake");
    if (isRepository(schema)) repositories.set(field, name);
    fields.set(name, { field, name, schema });
  }
  return {
    operation,
    route,
    path,
    parameters,
    repositories,
    fields: isPaged({ operation, route }) ? pagedFields(fields) : fields,
    left: [],
    input: jsonCodec(schema, "snake"),
    output: jsonCodec(
      operation.shape === "list" ? PageOf(operation.output, "All there are") : operation.output,
      "snake",
    ),
    ...variantsOf(operation, route),
  };
}

/** The engine runs a variant as the operation itself: the same rights, the same limits, the same name in the log. */
function variantsOf(operation: Operation, route: HttpRoute): Pick<RestRoute, "tagging" | "beginning" | "pieces"> {
  const call = (run: unknown) => ({ ...operation, shape: "call", run }) as unknown as CallVariant;
  const large = route.content?.large;
  return {
    ...(route.tag !== undefined && { tagging: call(route.tag.bind(route)) }),
    ...(large !== undefined && {
      beginning: call(large.beginning.bind(large)),
      pieces: { ...operation, shape: "download", run: large.pieces.bind(large) } as unknown as Operation<
        never,
        never,
        "download"
      >,
    }),
  };
}

/** Does an operation happen once for an idempotency key? What works for minutes and tells of it, such as garbage collection, may be repeated. */
export const happensOnce = ({ kind, shape }: Operation): boolean => kind !== "read" && shape === "call";

/** Do fields of this route come in a JSON body? */
export const takesBody = ({ method }: HttpRoute): boolean => method !== "GET" && method !== "DELETE";
