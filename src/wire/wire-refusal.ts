import { OperationError } from "../domain/errors.ts";

/** A `protocol_error` that the client is told in an `ERR` packet, since it speaks the protocol and asked for what it cannot have. */
export class WireRefusal extends OperationError<"protocol_error"> {
  constructor(problem: string) {
    super("protocol_error", { problem });
  }
}
