import type { GraphQLSchema } from "graphql";
import type { Operation } from "../../../contract/operation.ts";
import { derivedOperations } from "../derived/derived-operation.ts";
import { EnumTypes } from "./enum-types.ts";
import { addGraphFields, graphNouns } from "./graph/add-graph.ts";
import { GraphParts } from "./graph/graph-parts.ts";
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
  const derived = derivedOperations(operations, "camel");
  const graph = new GraphParts(builder, derived);
  const outputs = new OutputTypes(builder, names, enums, graphNouns(graph, names));
  graph.outputs = outputs;
  addOperationFields(derived, { builder, names, enums, outputs });
  addGraphFields(graph);
  addShortFields(derived, builder, outputs);
  addSubscriptions(builder);
  return builder.toSchema({ sortSchema: false });
}
