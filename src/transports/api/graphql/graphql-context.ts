import type { Caller } from "../../../contract/principal.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { AnswerBudget } from "./answer-budget.ts";
import type { GraphLoaders } from "./graph/graph-loaders.ts";
import type { SubscriptionPosition } from "./subscriptions.ts";

/** What the fields of one request share. */
export interface GraphqlContext {
  readonly engine: Engine;
  readonly caller: Caller;
  /** The session that the request's header names. */
  readonly session: string | undefined;
  readonly writers: Writers;
  readonly budget: AnswerBudget;
  /** What the graph's fields look up, made when the first of them asks. */
  readonly loaders: () => GraphLoaders;
  /** Of a subscription that may be gone on with; absent: of what has no place in the order of events. */
  readonly position?: SubscriptionPosition;
}

/** Who makes the writes of a request, and what came of their keys. */
export class Writers {
  readonly #caller: Caller;
  readonly #key: string | undefined;
  readonly #isAlone: boolean;
  #written = 0;
  #replayed = 0;

  /** `isAlone`: the request has one field at the top. */
  constructor(caller: Caller, key: string | undefined, isAlone: boolean) {
    this.#caller = caller;
    this.#key = key;
    this.#isAlone = isAlone;
  }

  /** Several writes of one request have keys of their own, of the request's key and the names that their answers have. */
  writer(field: string): Caller {
    if (this.#key === undefined) return this.#caller;
    this.#written++;
    const idempotencyKey = this.#isAlone ? this.#key : `${this.#key}.${field}`;
    return { ...this.#caller, idempotencyKey, onReplayed: () => void this.#replayed++ };
  }

  /** Is all that was written what came of an earlier request with the same key? */
  get isReplayed(): boolean {
    return this.#written > 0 && this.#replayed === this.#written;
  }
}
