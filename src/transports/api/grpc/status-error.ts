import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import type { StatusCode } from "./status-code.ts";

/** How a call fails: what the client gets as status, text and structured reasons. */
export class GrpcStatusError extends Error {
  override readonly name = "GrpcStatusError";
  readonly code: Exclude<StatusCode, 0>;
  readonly details: readonly Any[];

  constructor(
    code: Exclude<StatusCode, 0>,
    message: string,
    options: { details?: readonly Any[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
  }
}

/** Packs a generated message as one of the details of a GrpcStatusError. */
export function statusDetail<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Any {
  return anyPack(schema, create(schema, message));
}
