import type { TSchema } from "@sinclair/typebox";
import { jsonName } from "../../src/contract/json-codec.ts";
import type { Operation } from "../../src/contract/operation.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { repositoryNameOf } from "../../src/domain/repository-name.ts";
import { restRoutes, takesBody } from "../../src/transports/api/rest/rest-route.ts";

/** The request that asks for an operation over REST: what a client would write. */
export function restRequest(
  operation: Operation,
  input: Record<string, unknown>,
  fullName: string,
): { readonly method: string; readonly path: string; readonly body?: string } {
  const prepared = restRoutes([operation])[0]!;
  const { method } = prepared.route;
  const json = { ...(prepared.input.encode(input) as Record<string, unknown>) };
  delete json["repository"];
  for (const [field, name] of prepared.repositories) {
    if (field === "repository") json[name] = fullName;
    else if (input[field] !== undefined) json[name] = repositoryNameOf((input[field] as RepositoryRef).relativePath);
    delete json[jsonName(field, (operation.input["properties"] as Record<string, TSchema>)[field]!, "snake")];
  }
  const path = prepared.path.replace(/:(\w+)/g, (_, field: string) => {
    if (field === "repo") return encodeURIComponent(fullName);
    const [name, value] = Object.entries(prepared.input.encode({ [field]: input[field] }) as object)[0] as [
      string,
      unknown,
    ];
    delete json[name];
    return encodeURIComponent(String(value));
  });
  if (takesBody(prepared.route)) return { method, path, body: JSON.stringify(json) };
  const query = Object.entries(json).flatMap(([name, value]) => parameters(name, value));
  return { method, path: query.length === 0 ? path : `${path}?${query.join("&")}` };
}

function parameters(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => parameters(name, each));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([part, each]) => parameters(`${name}[${part}]`, each));
  return [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`];
}
