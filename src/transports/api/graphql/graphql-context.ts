import type { Caller } from "../../../contract/principal.ts";
import type { Engine } from "../../../engine/engine.ts";

/** What the fields of one request share. */
export interface GraphqlContext {
  readonly engine: Engine;
  readonly caller: Caller;
  /** The session that the request's header names. */
  readonly session: string | undefined;
  /** Of the request: its writes happen once for all requests with this key. */
  readonly idempotencyKey: string | undefined;
}
