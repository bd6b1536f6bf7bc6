import type { GraphQLSchema } from "graphql";
import type { Operation } from "../../../contract/operation.ts";
import { derivedOperations } from "../derived/derived-operation.ts";
import { EnumTypes } from "./enum-types.ts";
import { addOperationFields } from "./operation-fields.ts";
import { OutputTypes } from "./output-types.ts";
import { schemaBuilder } from "./schema-builder.ts";
import { addSubscriptions } from "./subscriptions.ts";
import { addShortFields } from "./short-fields.ts";
import { TypeNames } from "./type-names.ts";

/** The schema: a field for every operation that has a route, and the fields of the graph. */
export function graphqlSchema(operations: readonly Operation[]): GraphQLSchema {
  const builder = schemaBuilder();
  const names = new TypeNames();
  const enums = new EnumTypes(builder, names);
  const outputs = new OutputTypes(builder, names, enums);
  const derived = derivedOperations(operations, "camel");
  addOperationFields(derived, { builder, names, enums, outputs });
  addShortFields(derived, builder, outputs);
  addSubscriptions(builder);
  return builder.toSchema({ sortSchema: false });
}
