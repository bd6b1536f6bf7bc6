import type { TSchema } from "@sinclair/typebox";
import { type JsonCodec, jsonCodec } from "../contract/json-codec.ts";
import type { Operation, OperationShape } from "../contract/operation.ts";
import type { Caller } from "../contract/principal.ts";
import { OperationError } from "../domain/errors.ts";
import type { Engine } from "./engine.ts";

/** Operations by their names, with input and output as JSON has them: for doors that know none of them in particular. */
export class JsonOperations {
  readonly #engine: Engine;
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #codecs = new Map<TSchema, JsonCodec>();

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
    const result = await this.#engine.run(call, this.#codecOf(operation.input).decode(input) as never, caller);
    return this.#codecOf(operation.output).encode(result);
  }

  /** Runs an operation that answers a list, a download or a watch: its items in batches, its pieces, its events. */
  async *list(name: string, input: unknown, caller: Caller): AsyncGenerator<unknown[]> {
    const operation = this.#find(name);
    const value = this.#codecOf(operation.input).decode(input) as never;
    const output = this.#codecOf(operation.output);
    if (operation.shape === "list") {
      const list = operation as Operation<never, never, "list">;
      for await (const items of this.#engine.run(list, value, caller) as AsyncIterable<unknown[]>)
        yield items.map((item) => output.encode(item));
    } else if (operation.shape === "download") {
      const download = operation as Operation<never, never, "download">;
      for await (const piece of this.#engine.run(download, value, caller)) yield [output.encode(piece)];
    } else if (operation.shape === "watch") {
      const watch = operation as Operation<never, never, "watch">;
      for await (const event of this.#engine.run(watch, value, caller)) yield [output.encode(event)];
    } else throw unsupported(operation);
  }

  #codecOf(schema: TSchema): JsonCodec {
    let codec = this.#codecs.get(schema);
    if (codec === undefined) {
      codec = jsonCodec(schema, "plain");
      this.#codecs.set(schema, codec);
    }
    return codec;
  }

  #find(name: string): Operation {
    const operation = this.#operations.get(name);
    if (operation === undefined) throw new OperationError("unimplemented", { what: name });
    return operation;
  }
}

const unsupported = ({ name, shape }: Operation): OperationError =>
  new OperationError("unsupported", { what: `${name}, a ${shape}, in JSON` });
