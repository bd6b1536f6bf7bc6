import { createHash } from "node:crypto";
import { OperationError } from "../../../domain/errors.ts";
import type { QueryParameters } from "./query-runner.ts";

/** What the texts that are kept may have together, in characters. */
const CHARACTERS_MAX = 4_000_000;

/**
 * Queries by the SHA-256 of their text, as clients register them: with `extensions.persistedQuery.sha256Hash` and no text, the text that was sent
 * with that hash before is meant. Nobody may do more by a hash than by the text. The least recently used ones are forgotten first, and
 * sent again then.
 */
export class PersistedQueries {
  readonly #kept = new Map<string, string>();
  #characters = 0;

  /** The same with the text of its query. Throws `persisted_query_not_found`, and `malformed_request` for a hash of something else. */
  complete(parameters: QueryParameters): QueryParameters {
    const sha256 = hashOf(parameters);
    if (sha256 === undefined) return parameters;
    const { query } = parameters;
    if (query === undefined || query === null || query === "") {
      const known = this.#kept.get(sha256);
      if (known === undefined) throw new OperationError("persisted_query_not_found", { sha256 });
      this.#kept.delete(sha256);
      this.#kept.set(sha256, known);
      return { ...parameters, query: known };
    }
    if (createHash("sha256").update(query).digest("hex") !== sha256) throw malformed("is not the hash of the query");
    return parameters;
  }

  /** Keeps a query that has turned out to be one, if its client wants that. */
  keep(parameters: QueryParameters): void {
    const sha256 = hashOf(parameters);
    const { query } = parameters;
    if (sha256 === undefined || query === undefined || this.#kept.has(sha256)) return;
    this.#kept.set(sha256, query);
    this.#characters += query.length;
    for (const [oldest, text] of this.#kept) {
      if (this.#characters <= CHARACTERS_MAX) return;
      this.#kept.delete(oldest);
      this.#characters -= text.length;
    }
  }
}

/** The hash that a request gives; undefined where it gives none. */
function hashOf({ extensions }: QueryParameters): string | undefined {
  const persisted = extensions?.["persistedQuery"];
  if (persisted === undefined || persisted === null) return undefined;
  if (typeof persisted !== "object") throw malformed("is no object");
  const { version, sha256Hash } = persisted as { readonly version?: unknown; readonly sha256Hash?: unknown };
  if (version !== 1) throw malformed("has another version than 1");
  if (typeof sha256Hash !== "string" || !/^[0-9a-f]{64}$/i.test(sha256Hash)) throw malformed("has no SHA-256");
  return sha256Hash.toLowerCase();
}

const malformed = (problem: string) =>
  new OperationError("malformed_request", { part: "extensions.persistedQuery", problem });
