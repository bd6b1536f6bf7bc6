// Every example of every operation that has a route is asked for over REST, on both backends, and of a SHA-256 repository.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Validator } from "@seriousme/openapi-schema-validator";
import { PageOf } from "../../../src/contract/page.ts";
import { operations } from "../../../src/operations/index.ts";
import { openapiDocument } from "../../../src/transports/api/rest/openapi/openapi-document.ts";
import { restRoutes } from "../../../src/transports/api/rest/rest-route.ts";
import { EXAMPLE_TOKEN, ExampleWorld, routedExamples } from "../../support/example-world.ts";
import { OpenapiChecks } from "../../support/openapi-checks.ts";
import { restRequest } from "../../support/rest-request.ts";
import { listenRest, type RestListener } from "./rest-listener.ts";

const DOCUMENT = openapiDocument(operations, "0");
const CHECKS = new OpenapiChecks(DOCUMENT);

const WORLDS = [
  ["libgit2", "sha1"],
  ["shell", "sha1"],
  ["libgit2", "sha256"],
] as const;

for (const [backend, objectFormat] of WORLDS) {
  describe(`examples over REST on ${backend}, ${objectFormat}`, () => {
    let world: ExampleWorld;
    let listener: RestListener;

    beforeAll(async () => {
      world = await ExampleWorld.open(backend, objectFormat);
      listener = listenRest(world.test.engine, world.test.authenticator);
    });
    afterAll(async () => {
      await listener.close();
      await world.close();
    });

    for (const { operation, example } of routedExamples()) {
      test(`${operation.name}: ${example.title}`, async () => {
        const prepared = await world.prepare(operation, example);
        const { method, path, body } = restRequest(operation, prepared.input, prepared.fullName);
        const response = await fetch(listener.address + path, {
          method,
          headers: {
            authorization: `Bearer ${EXAMPLE_TOKEN}`,
            accept: "application/json",
            ...(body !== undefined && { "content-type": "application/json" }),
          },
          ...(body !== undefined && { body }),
        });
        const text = await response.text();
        const route = restRoutes([operation])[0]!;
        expect(listener.bugs).toEqual([]);
        expect([response.status, text]).toEqual([route.route.status ?? 200, text]);
        expect(CHECKS.problemOf(route.path, method, response, text)).toBeUndefined();
        if (text !== "" && operation.shape !== "download") {
          const output = operation.shape === "list" ? PageOf(operation.output, "") : operation.output;
          const value = route.output.decode(JSON.parse(text));
          expect([...Value.Errors(output, value)]).toEqual([]);
        }
        await world.settle(prepared);
      });
    }
  });
}

describe("the description", () => {
  test("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(DOCUMENT) as Record<string, unknown>);
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  test("has every route, and a name for each", () => {
    const { paths } = DOCUMENT as { paths: Record<string, Record<string, { operationId: string }>> };
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
    const routed = operations.filter(({ route }) => route !== undefined).map(({ name }) => name);
    expect(routed.filter((name) => !ids.includes(name))).toEqual([]);
  });
});
