import { pascalCase, sentence } from "./message-types.ts";
import type { Operation } from "../../../contract/operation.ts";
import { type DerivedOperation, derivedOperations } from "../derived/derived-operation.ts";
import { FieldNumbers, type FieldNumberTable } from "./field-numbers.ts";
import type { MessageType } from "./message-type.ts";
import { IN_PIECES, MessageTypes, type OperationMessages } from "./message-types.ts";
import { serviceOf } from "./service-noun.ts";

/** A method: an operation, with what it takes and gives. */
export interface HoldfastMethod extends OperationMessages {
  readonly name: string;
  readonly derived: DerivedOperation;
  /** What it does, and who may. */
  readonly comment: string;
  /** Does it answer in pieces? */
  readonly streams: boolean;
}

export interface HoldfastService {
  /** Without the package: `FilesService`. */
  readonly name: string;
  readonly methods: readonly HoldfastMethod[];
}

/** The package `holdfast.v1`, as the table of operations gives it. */
export interface HoldfastPackage {
  readonly services: readonly HoldfastService[];
  /** Messages that several methods share. */
  readonly nouns: readonly MessageType[];
  readonly numbers: FieldNumbers;
}

/**
 * Describes the operations that have a route as services of gRPC: a service for each noun, a method for each operation. Fields have the numbers
 * of the table, and what is not in it gets the next ones.
 */
export function holdfastPackage(operations: readonly Operation[], known: FieldNumberTable): HoldfastPackage {
  const numbers = new FieldNumbers(known);
  const types = new MessageTypes(numbers);
  const services = new Map<string, HoldfastMethod[]>();
  for (const derived of derivedOperations(operations, "snake")) {
    const { operation, noun } = derived;
    const service = serviceOf(noun);
    const method: HoldfastMethod = {
      ...types.of(derived),
      name: pascalCase(operation.name),
      comment: `${sentence(operation.summary)} Access: ${operation.access}.`,
      derived,
      streams: operation.shape === "download",
    };
    const more = inPieces(types, method);
    services.set(service, [...(services.get(service) ?? []), method, ...(more === undefined ? [] : [more])]);
  }
  const sorted = [...services].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { services: sorted.map(([name, methods]) => ({ name, methods })), nouns: types.nouns(), numbers };
}

/** A second method for an operation whose output may have too many bytes for one message. */
function inPieces(types: MessageTypes, method: HoldfastMethod): HoldfastMethod | undefined {
  const { derived, name, wraps, response } = method;
  const large = derived.route.content?.large;
  if (large === undefined) return undefined;
  const pieces = { ...derived.operation, shape: "download", run: large.pieces.bind(large) } as unknown as Operation;
  const messages = types.inPieces(derived, response);
  return {
    ...messages,
    wraps,
    name: `${name}${IN_PIECES}`,
    comment: `${method.comment} In pieces: for what is too large for one message.`,
    derived: { ...derived, operation: pieces },
    streams: true,
  };
}
