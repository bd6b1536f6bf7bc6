import { expect, test } from "bun:test";
import { operations } from "../../../src/operations/index.ts";
import { restRoutes } from "../../../src/transports/api/rest/rest-route.ts";
import { RouteTable } from "../../../src/transports/api/rest/route-table.ts";

const reads = restRoutes(operations).filter(({ route }) => route.method === "GET");
const table = new RouteTable(reads);

test("every route is found by its own path, with whatever stands for its parameters", () => {
  for (const route of reads) {
    expect(table.find(route.path.replaceAll(/:\w+/g, "a%2Fb"))?.path).toBe(route.path);
    expect(table.find(`${route.path.replaceAll(/:\w+/g, "x")}/`)?.path).toBe(route.path);
  }
});

test.each(["/v1", "/v1/", "/v1/repos//blob", "/v1/repos/a/blob/b/c/d/e", "/v1/repos/a/nothing", "v1/repos", ""])(
  "there is no route at %j",
  (pathname) => {
    expect(table.find(pathname)).toBeUndefined();
  },
);
