import { KindGuard, type TSchema } from "@sinclair/typebox";
import { getNullableType, type GraphQLInputType, isEnumType, isInputObjectType, isListType } from "graphql";
import { jsonCodec, jsonName } from "../../../src/contract/json-codec.ts";
import { operations } from "../../../src/operations/index.ts";
import { type DerivedOperation, derivedOperations } from "../../../src/transports/api/derived/derived-operation.ts";
import { isRequired } from "../../../src/transports/api/derived/json-schema.ts";
import { graphqlSchema } from "../../../src/transports/api/graphql/graphql-schema.ts";
import { listenGraphql } from "../../transports/graphql/graphql-listener.ts";
import { derivedInput } from "../derived-input.ts";
import type { ExampleDoor } from "../example-door.ts";
import type { ExampleWorld } from "../example-world.ts";

/** The GraphQL door of a world. Each operation is asked for with all that its output has. */
export function openGraphqlExampleDoor(world: ExampleWorld): ExampleDoor {
  const listener = listenGraphql(world.test.engine, world.test.authenticator);
  const schema = graphqlSchema(operations);
  const derived = new Map(derivedOperations(operations, "camel").map((each) => [each.operation.name, each]));
  return {
    name: "GraphQL",
    offers: ({ name }) => derived.has(name),
    async run(operation, input, token) {
      const door = derived.get(operation.name)!;
      const isRead = operation.kind === "read";
      const root = isRead ? schema.getQueryType() : schema.getMutationType();
      const name = operation.graphql ?? operation.name;
      const { args } = root!.getFields()[name]!;
      const given = JSON.parse(JSON.stringify(derivedInput(operation, input, "camel"))) as Record<string, unknown>;
      const taken = args.filter((each) => given[each.name] !== undefined);
      const variables = Object.fromEntries(taken.map((each) => [each.name, inGraphql(given[each.name], each.type)]));
      const declared = taken.map((each) => `$${each.name}: ${each.type.toString()}`).join(", ");
      const passed = taken.map((each) => `${each.name}: $${each.name}`).join(", ");
      const query = `${isRead ? "query" : "mutation"}${declared === "" ? "" : `(${declared})`} {
        answer: ${name}${passed === "" ? "" : `(${passed})`} ${selectionOf(door)}
      }`;
      const { data, errors } = await listener.ask(query, variables, {
        authorization: token === undefined ? undefined : `Bearer ${token}`,
      });
      if (errors !== undefined) {
        const { code, reason, details } = errors[0]!.extensions;
        return { error: { code, reason, details } };
      }
      return { output: inItsTerms(data!["answer"], door) };
    },
    close: async () => {
      const { bugs } = listener;
      await listener.close();
      if (bugs.length > 0) throw new AggregateError(bugs, "the GraphQL door met bugs");
    },
  };
}

/** JSON with the names of enums' values in place of the values. */
function inGraphql(value: unknown, type: GraphQLInputType): unknown {
  const plain = getNullableType(type);
  if (isListType(plain)) return (value as unknown[]).map((item) => inGraphql(item, plain.ofType as GraphQLInputType));
  if (isEnumType(plain)) return plain.getValues().find((each) => each.value === value)!.name;
  if (!isInputObjectType(plain)) return value;
  const fields = plain.getFields();
  return Object.fromEntries(
    Object.entries(value as object).map(([name, part]) => [name, inGraphql(part, fields[name]!.type)]),
  );
}

/** Everything that an operation's output has. */
function selectionOf({ output }: DerivedOperation): string {
  return output === undefined ? "{ base64 }" : selected(output);
}

function selected(schema: TSchema): string {
  if (KindGuard.IsArray(schema)) return selected(schema.items);
  if (KindGuard.IsUnion(schema)) return schema.anyOf.map(selected).find((each) => each !== "") ?? "";
  const properties = Object.entries(propertiesOf(schema));
  if (properties.length === 0) return "";
  const fields = properties.map(([field, part]) => {
    const name = jsonName(field, part, "camel");
    return part["content"] === true ? `${name} encoding` : `${name} ${selected(part)}`;
  });
  return `{ ${fields.join(" ")} }`;
}

function inItsTerms(answer: unknown, { output }: DerivedOperation): unknown {
  if (output === undefined) return Buffer.from((answer as { base64: string }).base64, "base64");
  if (Object.keys(propertiesOf(output)).length === 0) return {};
  return jsonCodec(output, "camel").decode(inJson(answer, output));
}

/** GraphQL's values in JSON as the other doors have it: no null for what is absent, texts in place of the names of enums' values. */
function inJson(value: unknown, schema: TSchema): unknown {
  if (value === null) return value;
  if (KindGuard.IsArray(schema)) return (value as unknown[]).map((item) => inJson(item, schema.items));
  if (KindGuard.IsUnion(schema)) {
    const named = schema.anyOf.find(
      (member) => KindGuard.IsLiteral(member) && String(member.const).replaceAll(/\W/g, "_") === value,
    );
    if (named !== undefined) return named["const"];
    const object = schema.anyOf.find((member) => Object.keys(propertiesOf(member)).length > 0);
    return object === undefined ? value : inJson(value, object);
  }
  const properties = propertiesOf(schema);
  if (Object.keys(properties).length === 0) return value;
  const json = { ...(value as Record<string, unknown>) };
  for (const [field, part] of Object.entries(properties)) {
    const name = jsonName(field, part, "camel");
    if (json[name] === null && !isRequired(part)) {
      delete json[name];
      if (part["content"] === true) delete json["encoding"];
    } else json[name] = inJson(json[name], part);
  }
  return json;
}

const propertiesOf = (schema: TSchema): Record<string, TSchema> =>
  KindGuard.IsRecord(schema) ? {} : ((schema["properties"] as Record<string, TSchema> | undefined) ?? {});
