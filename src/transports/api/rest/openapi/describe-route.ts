import type { TSchema } from "@sinclair/typebox";
import type { Example } from "../../../../contract/operation.ts";
import { isPaged } from "../../derived/list-page.ts";
import { happensOnce, type RestRoute, takesBody } from "../rest-route.ts";
import { PageOf } from "../../../../contract/page.ts";
import { nounOf } from "../../derived/derived-operation.ts";
import { isRepository } from "../../derived/repository-field.ts";
import { errorAnswers } from "./describe-errors.ts";
import { isRequired, type JsonSchema, jsonSchemaOf } from "../../derived/json-schema.ts";

type Description = Record<string, unknown>;

/** A full name for examples. */
const SAMPLE_REPOSITORY = "alice/myrepo";

/** What OpenAPI calls an operation: one method of one path. */
export function describeRoute(prepared: RestRoute): Description {
  const { operation, route } = prepared;
  const body = takesBody(route) ? bodyOf(prepared) : undefined;
  return {
    operationId: operationIdOf(prepared),
    summary: operation.summary,
    tags: [nounOf(route.path)],
    ...descriptionOf(prepared),
    parameters: parametersOf(prepared),
    ...(body !== undefined && { requestBody: body }),
    responses: { ...answersOf(prepared), ...errorAnswers(prepared) },
  };
}

/** Operations are called by their names; on a second path by what is left out there as well. */
const operationIdOf = ({ operation, left }: RestRoute): string =>
  [operation.name, ...left.map((field) => `Without${field[0]!.toUpperCase()}${field.slice(1)}`)].join("");

/** `/v1/repos/:repo/files` as OpenAPI writes it. */
export const templateOf = (path: string): string => path.replace(/:(\w+)/g, "{$1}");

function descriptionOf({ operation }: RestRoute): Description {
  const { access } = operation;
  const needs = access === "server-read" ? "" : ` Needs \`${access}\`.`;
  const once = happensOnce(operation)
    ? " With an `Idempotency-Key` it happens once, however often it is asked for."
    : "";
  return needs + once === "" ? {} : { description: (needs + once).trim() };
}

function parametersOf(prepared: RestRoute): Description[] {
  const { operation, route, parameters, fields } = prepared;
  const found: Description[] = [];
  for (const parameter of parameters.values()) {
    if (parameter === "repo") found.push({ $ref: "#/components/parameters/repo" });
    else found.push(parameterOf(prepared, parameter.field, parameter.name, "path", parameter.schema));
  }
  for (const { field, name, schema } of fields.values()) {
    const inQuery = !takesBody(route) || field === "session";
    if (inQuery) found.push(parameterOf(prepared, field, name, "query", schema));
  }
  const refer = (name: string) => found.push({ $ref: `#/components/parameters/${name}` });
  if (fields.has("session")) refer("Holdfast-Session");
  if (operation.kind !== "read") {
    if (happensOnce(operation)) refer("Idempotency-Key");
    if (route.ifMatch !== undefined) refer("If-Match");
  } else {
    refer("If-None-Match");
    if (route.content?.field !== undefined) refer("Range");
  }
  return found;
}

function parameterOf(
  prepared: RestRoute,
  field: string,
  name: string,
  place: "path" | "query",
  schema: TSchema,
): Description {
  const { description, ...said } = jsonSchemaOf(schema, "address");
  const examples = examplesOf(prepared, (input) => input[field], field);
  return {
    name,
    in: place,
    ...(description !== undefined && { description }),
    ...((place === "path" || isRequired(schema)) && { required: true }),
    ...(schema["properties"] !== undefined && !isRepository(schema) && { style: "deepObject", explode: true }),
    schema: said,
    ...(examples !== undefined && { examples }),
  };
}

function bodyOf(prepared: RestRoute): Description {
  const { operation, fields } = prepared;
  const whole = jsonSchemaOf(operation.input, "body");
  const properties = Object.entries(whole["properties"] as Record<string, JsonSchema>);
  const inBody = new Set([...fields.keys(), ...(hasContent(operation.input) ? ["encoding"] : [])]);
  const kept = properties.filter(([name]) => inBody.has(name));
  const required = ((whole["required"] ?? []) as string[]).filter((name) => inBody.has(name));
  const names = new Set(kept.map(([name]) => name));
  const examples = examplesOf(prepared, (_input, json) =>
    Object.fromEntries(Object.entries(json).filter(([name]) => names.has(name))),
  );
  return {
    ...(required.length > 0 && { required: true }),
    content: {
      "application/json": {
        schema: {
          ...whole,
          properties: Object.fromEntries(kept),
          ...(required.length > 0 ? { required } : { required: undefined }),
        },
        ...(examples !== undefined && { examples }),
      },
    },
  };
}

const hasContent = (input: TSchema): boolean =>
  Object.values(input["properties"] as Record<string, TSchema>).some((schema) => schema["content"] === true);

function examplesOf(
  { operation, input, repositories }: RestRoute,
  pick: (input: Record<string, unknown>, json: Record<string, unknown>) => unknown,
  field?: string,
): Description | undefined {
  const found = operation.examples.flatMap(({ title, input: given }: Example<unknown>) => {
    const value = given as Record<string, unknown>;
    // What needs no change is the example itself.
    const json = { ...(input.encode(value) as Record<string, unknown>) };
    for (const [name, called] of repositories) {
      const told = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      if (!(told in json)) continue;
      json[called] = SAMPLE_REPOSITORY;
      delete json[told];
    }
    const picked = pick(value, json);
    if (picked === undefined) return [];
    const shown = field === undefined ? picked : (input.encode({ [field]: picked }) as Record<string, unknown>);
    const example = field === undefined ? shown : Object.values(shown as Record<string, unknown>)[0];
    return [[slug(title), { summary: title, value: example }] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

const slug = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

function answersOf(prepared: RestRoute): Description {
  const { operation, route } = prepared;
  const status = route.status ?? 200;
  const isRead = operation.kind === "read";
  const headers = {
    ...(isRead || route.etag !== undefined ? { ETag: { $ref: "#/components/headers/ETag" } } : {}),
    ...(!isRead ? { "Idempotent-Replayed": { $ref: "#/components/headers/Idempotent-Replayed" } } : {}),
  };
  const answer = {
    description: status === 204 ? "Done" : status === 201 ? "Made" : "What was asked for",
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(status !== 204 && { content: contentOf(prepared) }),
  };
  const bytes = route.content?.field !== undefined;
  return {
    [status]: answer,
    ...(bytes && {
      206: {
        description: "The range that was asked for",
        headers: { ...headers, "Content-Range": { $ref: "#/components/headers/Content-Range" } },
        content: bytesOf(),
      },
      416: { description: "The range is not within the content", headers: { ...headers } },
    }),
    ...(isRead && { 304: { description: "The client has it already", headers } }),
  };
}

const bytesOf = (): Description => ({ "*/*": { schema: {} } });

function contentOf({ operation, route }: RestRoute): Description {
  if (operation.shape === "download") return bytesOf();
  const output =
    operation.shape === "list"
      ? PageOf(operation.output, isPaged({ operation, route }) ? "A page of them" : "All there are")
      : operation.output;
  const json = { "application/json": { schema: jsonSchemaOf(output, "body") } };
  return route.content === undefined ? json : { ...json, ...bytesOf() };
}
