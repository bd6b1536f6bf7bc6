import type { Operation } from "../../../contract/operation.ts";
import type { Principal } from "../../../contract/principal.ts";
import { nearest } from "../../../domain/nearest.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { DerivedOperation } from "../derived/derived-operation.ts";
import { type Tool, type ToolDefinition, toolsOf } from "./tool.ts";
import { ALL_TOOLSETS, DEFAULT_TOOLSET } from "./toolsets.ts";

/** Lists that were made are kept; there are few: toolsets are chosen by settings, rights are classes of callers. */
const LISTS_MAX = 256;

/** Every tool, and which of them a caller is told of. */
export class ToolCatalogue {
  readonly tools: readonly Tool[];
  /** Names of all toolsets. */
  readonly toolsets: ReadonlySet<string>;
  readonly #engine: Engine;
  readonly #byName: ReadonlyMap<string, Tool>;
  readonly #byOperation: ReadonlyMap<string, DerivedOperation>;
  readonly #lists = new Map<string, readonly ToolDefinition[]>();

  constructor(operations: readonly Operation[], engine: Engine) {
    this.tools = toolsOf(operations);
    this.toolsets = new Set(this.tools.map(({ toolset }) => toolset));
    this.#engine = engine;
    this.#byName = new Map(this.tools.map((tool) => [tool.name, tool]));
    this.#byOperation = new Map(this.tools.map(({ derived }) => [derived.operation.name, derived]));
    if (this.#byName.size !== this.tools.length) throw new Error("two tools have one name");
  }

  find(name: string): Tool | undefined {
    return this.#byName.get(name);
  }

  /** An operation as tools have it, by its own name. */
  operation(name: string): DerivedOperation | undefined {
    return this.#byOperation.get(name);
  }

  /** The tool whose name is most like this one. */
  nearest(name: string): string | undefined {
    return nearest(name, this.#byName.keys());
  }

  /** Is there any tool that a caller may use? */
  async hasAny(principal: Principal): Promise<boolean> {
    for (const { derived } of this.tools) if (await this.#engine.couldRun(derived.operation, principal)) return true;
    return false;
  }

  /** What a caller is told of: tools of his toolsets that he may use at all. Made once for each kind of caller. */
  async list(principal: Principal, toolsets: ReadonlySet<string>): Promise<readonly ToolDefinition[]> {
    const chosen = this.tools.filter((tool) => isChosen(tool, toolsets));
    const may = await Promise.all(
      chosen.map(async ({ derived }) => this.#engine.couldRun(derived.operation, principal)),
    );
    const key = `${[...toolsets].toSorted().join()}:${may.map(Number).join("")}`;
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = chosen.filter((_, at) => may[at]).map(({ definition }) => definition);
    if (this.#lists.size >= LISTS_MAX) this.#lists.clear();
    this.#lists.set(key, list);
    return list;
  }
}

const isChosen = ({ isDefault, toolset }: Tool, toolsets: ReadonlySet<string>): boolean =>
  toolsets.has(ALL_TOOLSETS) || toolsets.has(toolset) || (isDefault && toolsets.has(DEFAULT_TOOLSET));
