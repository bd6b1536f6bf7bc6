import { BinaryReader } from "@bufbuild/protobuf/wire";
import { OperationError } from "../../../domain/errors.ts";

/** A value takes far more memory than the two bytes that it may have in the message; bodies of JSON have the same bound. */
const VALUES_MAX = 1_000_000;

/** Reads a message of at most a million values, whether they are known or not. */
export class BoundedReader extends BinaryReader {
  #values = 0;

  override tag(): ReturnType<BinaryReader["tag"]> {
    this.count();
    return super.tag();
  }

  /** Counts a value that has no tag of its own. Throws `malformed_request` for one too many. */
  count(): void {
    if (++this.#values > VALUES_MAX)
      throw new OperationError("malformed_request", { part: "message", problem: `has more than ${VALUES_MAX} values` });
  }
}
