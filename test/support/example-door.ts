import type { Operation } from "../../src/contract/operation.ts";

/** A door that is made from the operation table, used as its clients use it. */
export interface ExampleDoor {
  readonly name: string;
  /** Does the door offer this operation? */
  offers(operation: Operation): boolean;
  /** Runs an operation with a whole input in its own terms; `token` says who asks, undefined: nobody. */
  run(operation: Operation, input: Record<string, unknown>, token: string | undefined): Promise<DoorAnswer>;
  close(): Promise<void>;
}

/** What came of it: the output in the operation's own terms (of a list the page, of a download its bytes), or the error. */
export type DoorAnswer =
  | { readonly output: unknown }
  | { readonly error: { readonly code: string; readonly reason: string; readonly details: unknown } };
