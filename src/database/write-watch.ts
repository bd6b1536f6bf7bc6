import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from "kysely";

/** Tells whether any of the queries that pass by writes. Given to one run of queries each. */
export class WriteWatch implements KyselyPlugin {
  readonly #onWrite: () => void;
  hasWritten = false;

  /** `onWrite` is told before each, and may throw. */
  constructor(onWrite: () => void) {
    this.#onWrite = onWrite;
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    if (node.kind === "SelectQueryNode") return node;
    this.#onWrite();
    this.hasWritten = true;
    return node;
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result;
  }
}
