import { KindGuard, type TSchema } from "@sinclair/typebox";
import { type JsonCodec, jsonCodec, jsonName } from "../../../contract/json-codec.ts";
import { PageOf } from "../../../contract/page.ts";
import type { HttpRoute, Operation } from "../../../contract/operation.ts";
import { isPaged, pagedFields } from "./list-page.ts";

/** A field of an operation's input, as requests name it. */
export interface RouteField {
  readonly field: string;
  readonly name: string;
  readonly schema: TSchema;
}

/** An operation that stands in the REST API, prepared for requests. */
export interface RestRoute {
  readonly operation: Operation;
  readonly route: HttpRoute;
  /** The whole path, `/v1` included. */
  readonly path: string;
  /** Segments of the path by their index: fields of the input, or `repo`. */
  readonly parameters: ReadonlyMap<number, RouteField | "repo">;
  /** Fields that stand in the query or in the body. */
  readonly fields: ReadonlyMap<string, RouteField>;
  readonly input: JsonCodec;
  readonly output: JsonCodec;
}

/** Where the REST API begins. */
export const REST_PREFIX = "/v1";

/** Prepares the operations that have a route. Throws for a route whose parameters the input does not have. */
export function restRoutes(operations: readonly Operation[]): RestRoute[] {
  return operations.flatMap((operation) =>
    operation.route === undefined ? [] : [restRoute(operation, operation.route)],
  );
}

function restRoute(operation: Operation, route: HttpRoute): RestRoute {
  const properties = operation.input["properties"] as Record<string, TSchema>;
  const path = REST_PREFIX + route.path;
  const parameters = new Map<number, RouteField | "repo">();
  const inPath = new Set(["repository"]);
  for (const [index, segment] of path.split("/").entries()) {
    if (!segment.startsWith(":")) continue;
    const field = segment.slice(1);
    if (field !== "repo" && properties[field] === undefined)
      throw new Error(`${operation.name}: the route's :${field} is no field of its input`);
    parameters.set(index, field === "repo" ? "repo" : { field, name: field, schema: properties[field]! });
    inPath.add(field);
  }
  const fields = new Map<string, RouteField>();
  for (const [field, schema] of Object.entries(properties)) {
    if (inPath.has(field)) continue;
    const name = jsonName(field, schema, "snake");
    fields.set(name, { field, name, schema });
  }
  return {
    operation,
    route,
    path,
    parameters,
    fields: isPaged({ operation, route }) ? pagedFields(fields) : fields,
    input: jsonCodec(operation.input, "snake"),
    output: jsonCodec(
      operation.shape === "list" ? PageOf(operation.output, "All there are") : operation.output,
      "snake",
    ),
  };
}

/** Do fields of this route come in a JSON body? */
export const takesBody = ({ method }: HttpRoute): boolean => method !== "GET" && method !== "DELETE";

/** The schema of a value without what says that it may be left out. */
export function isListSchema(schema: TSchema): schema is TSchema & { items: TSchema } {
  return KindGuard.IsArray(schema);
}
