import SchemaBuilder from "@pothos/core";
import ComplexityPlugin from "@pothos/plugin-complexity";
import RelayPlugin from "@pothos/plugin-relay";
import type { GraphqlContext } from "./graphql-context.ts";
import { SCALARS } from "./scalars.ts";

/** A scalar whose values are JSON already. */
interface JsonScalar {
  Input: unknown;
  Output: unknown;
}

/** What the schema is built with. */
export interface GraphqlTypes {
  Context: GraphqlContext;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  Scalars: Record<keyof typeof SCALARS, JsonScalar> & { ID: { Input: string; Output: string } };
}

export type GraphqlSchemaTypes = PothosSchemaTypes.ExtendDefaultTypes<GraphqlTypes>;
export type GraphqlBuilder = ReturnType<typeof schemaBuilder>;

/** The items of a list whose length an argument of the field above has told. */
export const ALREADY_COUNTED = { field: 1, multiplier: 1 } as const;

/** A builder with the scalars and the root types, and no fields. */
export function schemaBuilder() {
  const builder = new SchemaBuilder<GraphqlTypes>({
    plugins: [ComplexityPlugin, RelayPlugin],
    relay: {
      nodesOnConnection: { complexity: ALREADY_COUNTED },
      edgesFieldOptions: { nullable: false, complexity: ALREADY_COUNTED },
      nodeFieldOptions: { nullable: false },
      nodesQueryOptions: {
        complexity: (args: { readonly ids: readonly unknown[] }) => ({
          field: 1,
          multiplier: Math.max(1, args.ids.length),
        }),
      },
    },
  });
  for (const [name, { description, ...config }] of Object.entries(SCALARS))
    builder.scalarType(name as keyof typeof SCALARS, {
      description,
      serialize: config.serialize as (value: unknown) => unknown,
      parseValue: config.parseValue as (value: unknown) => unknown,
      parseLiteral: config.parseLiteral!,
    });
  builder.queryType({ description: "What can be asked for" });
  builder.mutationType({ description: "What can be changed" });
  return builder;
}
