import type { Caller } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { DerivedOperation } from "../derived/derived-operation.ts";
import type { ToolCatalogue } from "./tool-catalogue.ts";
import { beginningOf, runWhole } from "./whole-content.ts";

/** Operations that resources, completions and prompts are made of. */
type Read =
  | "browseRepositories"
  | "browseReferences"
  | "showRepository"
  | "listFiles"
  | "getFile"
  | "showLog"
  | "compareCommits"
  | "showDiff";

/** Runs reads for a caller, in the words of tools: what comes in and goes out is JSON. */
export class AgentReads {
  readonly #engine: Engine;
  readonly #catalogue: ToolCatalogue;
  readonly #caller: Caller;

  constructor(engine: Engine, catalogue: ToolCatalogue, caller: Caller) {
    this.#engine = engine;
    this.#catalogue = catalogue;
    this.#caller = caller;
  }

  /** What the operation gives; content of more than `contentBytesMax` is refused before it is read. Rejects with OperationErrors. */
  async run<T>(name: Read, args: Readonly<Record<string, unknown>>, contentBytesMax?: number): Promise<T> {
    const derived = this.derived(name);
    const run = { engine: this.#engine, caller: this.#caller };
    const encode = (output: unknown) => derived.encode(output) as T;
    return await runWhole(derived, beginningOf(derived), derived.decode(args), run, encode, contentBytesMax);
  }

  derived(name: Read): DerivedOperation {
    const derived = this.#catalogue.operation(name);
    if (derived === undefined) throw new OperationError("unsupported", { what: `${name} by agents` });
    return derived;
  }
}

/** A page of a list, as the reads give it. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor?: string | null;
}
