// How operations become a schema: one that is added to the table is there by itself, whatever it takes and gives.
import { describe, expect, test } from "bun:test";
import { printSchema, printType, validateSchema } from "graphql";
import {
  ByteStringField,
  BytesField,
  ContentField,
  InstantField,
  Maybe,
  RepositoryField,
  Type,
} from "../../../src/contract/fields.ts";
import { CommitInfoField } from "../../../src/contract/management-nouns.ts";
import { defineOperation, type Operation } from "../../../src/contract/operation.ts";
import { operations } from "../../../src/operations/index.ts";
import { graphqlSchema } from "../../../src/transports/api/graphql/graphql-schema.ts";

const brewTea = defineOperation({
  name: "brewTea",
  summary: "Brew tea",
  kind: "write",
  shape: "call",
  access: "write",
  target: "repository",
  input: Type.Object({
    repository: RepositoryField,
    kind: Type.Union([Type.Literal("green"), Type.Literal("earl-grey")]),
    grams: Type.Integer({ maximum: 100 }),
    leaves: Maybe(Type.Array(Type.Object({ name: BytesField("What it is called"), dried: Maybe(Type.Boolean()) }))),
    steps: Maybe(
      Type.Array(
        Type.Union([
          Type.Object({ step: Type.Literal("heat"), degrees: Type.Number() }),
          Type.Object({ step: Type.Literal("wait"), seconds: Type.Integer() }),
        ]),
      ),
    ),
    note: Maybe(ContentField("What to remember")),
  }),
  output: Type.Object({
    cups: Type.Array(Type.Object({ size: Type.Integer(), drunk_by: Maybe(ByteStringField("Who")) })),
    rows: Type.Array(Type.Array(Type.Integer())),
    weights: Type.Record(Type.String(), Type.Number()),
    readyAtMs: InstantField("When"),
    price: Type.BigInt(),
    commit: Type.Union([CommitInfoField, Type.Null()]),
    strength: Type.Union([Type.Literal("1"), Type.Literal("2")]),
    nothing: Type.Object({}),
  }),
  errors: [],
  examples: [],
  route: { method: "POST", path: "/repos/:repo/tea" },
  run: () => Promise.reject(new Error("there is no tea")),
});

describe("the schema", () => {
  test("is valid, and the same whenever it is made", () => {
    const schema = graphqlSchema(operations);
    expect(validateSchema(schema)).toEqual([]);
    expect(printSchema(graphqlSchema(operations))).toBe(printSchema(schema));
  });

  test("has a field for every operation that has a route", () => {
    const schema = graphqlSchema(operations);
    const [reads, writes] = [schema.getQueryType()!.getFields(), schema.getMutationType()!.getFields()];
    for (const { name, graphql, kind, route } of operations) {
      const fields = kind === "read" ? reads : writes;
      expect([name, (graphql ?? name) in fields]).toEqual([name, route !== undefined]);
    }
  });

  test("takes up an operation that is added", () => {
    const schema = graphqlSchema([...operations, brewTea as unknown as Operation]);
    expect(validateSchema(schema)).toEqual([]);
    const field = schema.getMutationType()!.getFields()["brewTea"]!;
    expect(field.args.map((each) => `${each.name}: ${String(each.type)}`)).toEqual([
      "repo: ID!",
      "kind: BrewTeaKind!",
      "grams: Int!",
      "leaves: [BrewTeaLeaveInput!]",
      "steps: [BrewTeaStepInput!]",
      "note: String",
      "encoding: String",
    ]);
    const printed = (name: string) => printType(schema.getType(name)!).replaceAll(/ *"""[^]*?"""\n/g, "");
    expect(printed("BrewTeaKind")).toBe("enum BrewTeaKind {\n  green\n  earl_grey\n}");
    expect(printed("BrewTeaStepInput")).toContain("step: BrewTeaStep!\n  degrees: Float\n  seconds: Long\n");
    expect(printed("BrewTeaResult").split("\n").slice(1, -1)).toEqual([
      "  cups: [BrewTeaCup!]!",
      "  rows: JSON!",
      "  weights: JSON!",
      "",
      "  readyAt: DateTime!",
      "  price: BigInt!",
      "  commit: Commit",
      "  strength: String!",
      "  nothing: Boolean!",
    ]);
    expect(printed("BrewTeaCup")).toBe("type BrewTeaCup {\n  size: Long!\n\n  drunkBy: Bytes\n}");
  });
});
