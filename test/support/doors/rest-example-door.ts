import { operations } from "../../../src/operations/index.ts";
import { repositoryNameOf } from "../../../src/domain/repository-name.ts";
import { restRoutes } from "../../../src/transports/api/rest/rest-route.ts";
import { listenRest } from "../../transports/rest/rest-listener.ts";
import type { ExampleDoor } from "../example-door.ts";
import type { ExampleWorld } from "../example-world.ts";
import { restRequest } from "../rest-request.ts";

/** The REST door of a world. */
export function openRestExampleDoor(world: ExampleWorld): ExampleDoor {
  const listener = listenRest(world.test.engine, world.test.authenticator);
  const routes = new Map(restRoutes(operations).map((route) => [route.operation.name, route]));
  return {
    name: "REST",
    offers: ({ route }) => route !== undefined,
    async run(operation, input, token) {
      const repository = input["repository"] as { readonly relativePath: string } | undefined;
      const fullName = repository === undefined ? "" : repositoryNameOf(repository.relativePath);
      const { method, path, body } = restRequest(operation, input, fullName);
      const response = await fetch(listener.address + path, {
        method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body }),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      if (!response.ok) {
        const { code, reason, details } = JSON.parse(bytes.toString()) as Record<string, string>;
        return { error: { code: code!, reason: reason!, details } };
      }
      if (operation.shape === "download") return { output: bytes };
      // Of an answer without a body nothing is known but that it is one.
      if (bytes.length === 0) return { output: undefined };
      return { output: routes.get(operation.name)!.output.decode(JSON.parse(bytes.toString())) };
    },
    close: () => listener.close(),
  };
}
