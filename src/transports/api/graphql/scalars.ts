import { GraphQLError, type GraphQLScalarTypeConfig, Kind, type ValueNode } from "graphql";

type ScalarConfig = Omit<GraphQLScalarTypeConfig<unknown, unknown>, "name"> & { readonly description: string };

const same = (value: unknown): unknown => value;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes in JSON: text where they are UTF-8. */
function bytes(value: unknown): unknown {
  if (typeof value === "string") return value;
  const isWrapped = typeof value === "object" && value !== null && Object.keys(value).length === 1 && "base64" in value;
  if (!isWrapped || typeof value.base64 !== "string") throw new GraphQLError('Bytes are a text, or {base64: "…"}');
  // Node.js would pass over what is none in silence.
  if (value.base64.length % 4 === 0 && BASE64.test(value.base64)) return { base64: value.base64 };
  throw new GraphQLError("What Bytes have as base64 is not base64");
}

function bigInteger(value: unknown): string {
  if (typeof value === "string" && /^-?\d{1,30}$/.test(value)) return value;
  if (Number.isSafeInteger(value)) return String(value);
  throw new GraphQLError("A BigInt is a text of decimal digits");
}

function long(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new GraphQLError("A Long is a whole number of at most 53 bits");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new GraphQLError("A DateTime is a text in ISO 8601");
}

/** What a literal in a query says, in JSON. */
function literal(node: ValueNode, variables: Readonly<Record<string, unknown>> | null | undefined): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.LIST:
      return node.values.map((item) => literal(item, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literal(value, variables)]));
    case Kind.VARIABLE:
      return variables?.[node.name.value];
    case Kind.NULL:
      return null;
  }
}

const scalar = (description: string, parse: (value: unknown) => unknown): ScalarConfig => ({
  description,
  serialize: same,
  parseValue: parse,
  parseLiteral: (node, variables) => {
    try {
      return parse(literal(node, variables));
    } catch (error) {
      throw error instanceof GraphQLError ? new GraphQLError(error.message, { nodes: node }) : error;
    }
  },
});

/** The scalars that GraphQL does not have itself. Values of operations are in JSON already when they come here. */
export const SCALARS = {
  Bytes: scalar('Bytes: a text where they are UTF-8, else `{base64: "…"}`', bytes),
  BigInt: scalar("A whole number of any size, as a text of decimal digits", bigInteger),
  Long: scalar("A whole number of at most 53 bits", long),
  DateTime: scalar("A time in ISO 8601, such as 2030-01-31T12:00:00Z", text),
  JSON: scalar("Any value", same),
} as const satisfies Readonly<Record<string, ScalarConfig>>;
