import type { DerivedOperation } from "../../derived/derived-operation.ts";
import type { GraphqlContext } from "../graphql-context.ts";
import type { OutputTypes, ToldRef } from "../output-types.ts";
import { typeCase } from "../type-names.ts";
import { runOperation } from "../run-operation.ts";
import type { GraphqlBuilder } from "../schema-builder.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What the types of the graph are made with. */
export class GraphParts {
  readonly builder: GraphqlBuilder;
  readonly #operations: ReadonlyMap<string, DerivedOperation>;
  /** The types of operations; there when the first field is built. */
  outputs: OutputTypes | undefined;

  constructor(builder: GraphqlBuilder, operations: readonly DerivedOperation[]) {
    this.builder = builder;
    this.#operations = new Map(operations.map((each) => [each.operation.name, each]));
  }

  /** The type of a noun that operations give. */
  noun(title: string): ToldRef {
    return this.outputs!.noun(title);
  }

  /** The type of what an operation gives. */
  resultOf(name: string): ToldRef {
    const { output } = this.#operation(name);
    return this.outputs!.fieldOf(output!, `${typeCase(name)}Result`).type as ToldRef;
  }

  /** Runs an operation of the table, by its name and with arguments as GraphQL has them. */
  async run(name: string, args: Json, context: GraphqlContext): Promise<Json> {
    return (await runOperation(this.#operation(name), args, context)) as Json;
  }

  #operation(name: string): DerivedOperation {
    const operation = this.#operations.get(name);
    if (operation === undefined) throw new Error(`the graph needs the operation ${name}`);
    return operation;
  }
}
