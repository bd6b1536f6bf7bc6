import { fromJson, toJson } from "../contract/json-values.ts";
import type { Operation, OperationShape } from "../contract/operation.ts";
import type { Caller } from "../contract/principal.ts";
import { OperationError } from "../domain/errors.ts";
import type { Engine } from "./engine.ts";

/** Operations by their names, with input and output as JSON has them: for doors that know none of them in particular. */
export class JsonOperations {
  readonly #engine: Engine;
  readonly #operations: ReadonlyMap<string, Operation>;

  constructor(engine: Engine, operations: readonly Operation[]) {
    this.#engine = engine;
    this.#operations = new Map(operations.map((operation) => [operation.name, operation]));
  }

  /** How an operation answers. Throws `unimplemented` for a name that is none. */
  shapeOf(name: string): OperationShape {
    return this.#find(name).shape;
  }

  /** Runs an operation that has one answer. */
  async call(name: string, input: unknown, caller: Caller): Promise<unknown> {
    const operation = this.#find(name);
    if (operation.shape !== "call") throw unsupported(operation);
    const call = operation as Operation<never, never, "call">;
    const result = await this.#engine.run(call, fromJson(operation.input, input) as never, caller);
    return toJson(operation.output, result);
  }

  /** Runs an operation that answers a list, a download or a watch: its items in batches, its pieces, its events. */
  async *list(name: string, input: unknown, caller: Caller): AsyncGenerator<unknown[]> {
    const operation = this.#find(name);
    const value = fromJson(operation.input, input) as never;
    if (operation.shape === "list") {
      const list = operation as Operation<never, never, "list">;
      for await (const items of this.#engine.run(list, value, caller) as AsyncIterable<unknown[]>)
        yield items.map((item) => toJson(operation.output, item));
    } else if (operation.shape === "download") {
      const download = operation as Operation<never, never, "download">;
      for await (const piece of this.#engine.run(download, value, caller)) yield [toJson(operation.output, piece)];
    } else if (operation.shape === "watch") {
      const watch = operation as Operation<never, never, "watch">;
      for await (const event of this.#engine.run(watch, value, caller)) yield [toJson(operation.output, event)];
    } else throw unsupported(operation);
  }

  #find(name: string): Operation {
    const operation = this.#operations.get(name);
    if (operation === undefined) throw new OperationError("unimplemented", { what: name });
    return operation;
  }
}

const unsupported = ({ name, shape }: Operation): OperationError =>
  new OperationError("unsupported", { what: `${name}, a ${shape}, in JSON` });
