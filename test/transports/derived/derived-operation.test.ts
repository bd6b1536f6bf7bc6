// What GraphQL, MCP and gRPC share: operations by the names of callers. Their answers are compared in every-door.test.ts.
import { describe, expect, test } from "bun:test";
import { OperationError } from "../../../src/domain/errors.ts";
import { operations } from "../../../src/operations/index.ts";
import { derivedOperations } from "../../../src/transports/api/derived/derived-operation.ts";

describe("derived operations", () => {
  const door = derivedOperations(operations, "camel").find(({ operation }) => operation.name === "listFiles")!;

  test("have repositories by name, and are grouped by their noun", () => {
    expect([...door.fields.keys()].slice(0, 2)).toEqual(["repo", "rev"]);
    expect(door.noun).toBe("files");
  });

  test("refuse a field that is not known with the nearest one", () => {
    const refusal = () => door.decode({ repo: "a/b", recursiv: true });
    expect(refusal).toThrow(OperationError);
    expect(() => door.decode({ repo: { storage: "default" } })).toThrow(OperationError);
  });

  test("are as many as have a route", () => {
    const routed = operations.filter(({ route }) => route !== undefined);
    expect(derivedOperations(operations, "snake").map(({ operation }) => operation)).toEqual(routed);
  });
});
