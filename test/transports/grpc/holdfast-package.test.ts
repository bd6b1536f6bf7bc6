import { describe, expect, test } from "bun:test";
import { Maybe, RepositoryField, type TSchema, Type } from "../../../src/contract/fields.ts";
import { defineOperation, type Operation } from "../../../src/contract/operation.ts";
import { operations } from "../../../src/operations/index.ts";
import { FieldNumbers, type FieldNumberTable } from "../../../src/transports/api/holdfast/field-numbers.ts";
import { fileDescriptors } from "../../../src/transports/api/holdfast/file-descriptors.ts";
import { holdfastPackage } from "../../../src/transports/api/holdfast/holdfast-package.ts";
import type { MessageType } from "../../../src/transports/api/holdfast/message-type.ts";
import { protoFiles } from "../../../src/transports/api/holdfast/proto-text.ts";
import { committedServices } from "../../support/holdfast-client.ts";

/** An operation that takes these fields. */
function greet(fields: Record<string, TSchema>, output: TSchema = Type.Object({ text: Type.String() })): Operation {
  return defineOperation({
    name: "greet",
    summary: "Greet",
    kind: "read",
    shape: "call",
    access: "read",
    target: "repository",
    input: Type.Object({ repository: RepositoryField, ...fields }),
    output,
    errors: [],
    examples: [],
    route: { method: "GET", path: "/repos/:repo/greetings" },
    run: () => Promise.resolve({ text: "hello" }),
  }) as unknown as Operation;
}

const requestOf = (operation: Operation, known: FieldNumberTable = {}): MessageType =>
  holdfastPackage([operation], known).services[0]!.methods[0]!.request;
const numbersOf = (message: MessageType) =>
  Object.fromEntries(message.fields.map(({ name, number }) => [name, number]));

describe("numbers of fields", () => {
  const first = greet({ word: Type.String(), loud: Maybe(Type.Boolean()) });
  const known = holdfastPackage([first], {}).numbers.table();

  test("begin with 1", () => expect(numbersOf(requestOf(first))).toEqual({ repo: 1, word: 2, loud: 3 }));

  test("stay where a field comes in between, which gets the next one", () => {
    const later = greet({ language: Maybe(Type.String()), word: Type.String(), loud: Maybe(Type.Boolean()) });
    expect(numbersOf(requestOf(later, known))).toEqual({ repo: 1, word: 2, loud: 3, language: 4 });
  });

  test("stay where a field goes, whose own is never given to another", () => {
    const described = holdfastPackage([greet({ loud: Maybe(Type.Boolean()), twice: Maybe(Type.Boolean()) })], known);
    const { request } = described.services[0]!.methods[0]!;
    expect(numbersOf(request)).toEqual({ repo: 1, loud: 3, twice: 4 });
    expect(request.reserved).toEqual([{ name: "word", number: 2 }]);
    const text = protoFiles(described).get("holdfast/v1/greetings.proto")!;
    expect(text).toContain('  reserved 2;\n  reserved "word";\n');
    const descriptor = fileDescriptors(described).getMessage("holdfast.v1.GreetRequest")!.proto;
    expect(descriptor.reservedName).toEqual(["word"]);
    expect(descriptor.reservedRange.map(({ start, end }) => [start, end])).toEqual([[2, 3]]);
    // And the one after that knows it as well.
    expect(numbersOf(requestOf(greet({ more: Type.String() }), described.numbers.table()))).toEqual({
      repo: 1,
      more: 5,
    });
  });

  test("come back with the field", () => {
    const without = holdfastPackage([greet({})], known).numbers.table();
    expect(numbersOf(requestOf(first, without))).toEqual({ repo: 1, word: 2, loud: 3 });
  });

  test("are not given to a field that has become of another type", () => {
    const described = holdfastPackage([greet({ word: Type.Integer() })], known);
    const { request } = described.services[0]!.methods[0]!;
    expect(numbersOf(request)).toEqual({ repo: 1, word: 4 });
    expect(request.reserved).toEqual([{ name: "loud", number: 3 }, { number: 2 }]);
    expect(protoFiles(described).get("holdfast/v1/greetings.proto")).toContain("  reserved 3, 2;\n");
    // Nor to the one after that, unless it is of the old type again.
    const table = described.numbers.table();
    expect(numbersOf(requestOf(greet({ word: Type.Boolean() }), table))).toEqual({ repo: 1, word: 5 });
    expect(numbersOf(requestOf(greet({ word: Type.String() }), table))).toEqual({ repo: 1, word: 2 });
  });

  test("outlive an operation that is gone", () => {
    expect(holdfastPackage([], known).numbers.table()).toEqual(known);
    expect(JSON.parse(new FieldNumbers(known).text())).toEqual(known);
  });
});

describe("messages", () => {
  const fieldsOf = (schema: TSchema) =>
    requestOf(greet({ value: schema })).fields.find(({ name }) => name === "value")!;

  test("say what is null by leaving it out", () => {
    expect(fieldsOf(Type.Union([Type.String(), Type.Null()]))).toMatchObject({ type: "string", label: "optional" });
  });

  test("have a list that may be missing in a message of its own", () => {
    expect(fieldsOf(Maybe(Type.Array(Type.String())))).toMatchObject({
      label: "optional",
      type: { shape: { kind: "list" } },
    });
    expect(fieldsOf(Type.Array(Type.String()))).toMatchObject({ label: "repeated", type: "string" });
  });

  test("share a noun that has a title, and not one that only has the same title", () => {
    const noun = Type.Object({ a: Type.String() }, { title: "Thing" });
    const other = Type.Object({ b: Type.String() }, { title: "Thing" });
    const described = holdfastPackage([greet({ one: noun, two: Maybe(noun), three: other })], {});
    expect(described.nouns.map(({ name }) => name)).toEqual(["Thing"]);
    const types = described.services[0]!.methods[0]!.request.fields.map(
      ({ type }) => (type as MessageType).name ?? type,
    );
    expect(types).toEqual(["repository", "Thing", "Thing", "GreetRequest.Three"]);
  });

  test("are refused for what protobuf cannot say", () => {
    expect(() => requestOf(greet({ either: Type.Union([Type.String(), Type.Integer()]) }))).toThrow(
      "GreetRequest.Either: the members of a union need a field that tells them apart",
    );
  });
});

describe("the package", () => {
  const described = holdfastPackage(operations, {});

  test("has every operation that has a route", () => {
    const names = described.services.flatMap(({ methods }) => methods.map(({ derived }) => derived.operation.name));
    // One whose bytes may be many is there twice.
    expect([...new Set(names)].toSorted()).toEqual(
      operations
        .filter(({ route }) => route !== undefined)
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  test("is described without comments as the committed files describe it", () => {
    const registry = fileDescriptors(described);
    for (const { name, methods } of described.services) {
      const committed = committedServices().get(`holdfast.v1.${name}`)!;
      const { typeName } = registry.getService(`holdfast.v1.${name}`)!;
      expect(Object.values(committed).map(({ path }) => path)).toEqual(
        methods.map((each) => `/${typeName}/${each.name}`),
      );
    }
  });

  test("gives each title to one thing", () => {
    // A schema that has another's title would lose its name as soon as the other comes first: then the response has no noun in it.
    const titled = operations.flatMap(({ name, output, route }) =>
      route === undefined || output.title === undefined ? [] : [{ name, title: output.title }],
    );
    const wrapped = described.services.flatMap(({ methods }) => methods.filter(({ wraps }) => wraps));
    const calls = titled.filter(({ name }) => operations.find((each) => each.name === name)!.shape === "call");
    expect(wrapped.map(({ derived }) => derived.operation.name).toSorted()).toEqual(
      calls.map(({ name }) => name).toSorted(),
    );
  });
});
