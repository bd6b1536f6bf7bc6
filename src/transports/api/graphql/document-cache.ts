import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, specifiedRules, validate } from "graphql";
import { wholeError } from "./graphql-error.ts";
import { countingRule, overLimit, QUERY_LIMITS } from "./query-limits.ts";

/** What the queries that are kept may have together, in characters; parsed they take some fifty times as much. */
const CHARACTERS_MAX = 500_000;
/** A validation that finds so much wrong looks no further. */
const ERRORS_MAX = 20;

/** What the library says of a query whose fields it has compared often enough. */
const GIVEN_UP = "Validation aborted.";

/** A query that has been read: what it says, or what is wrong with it. */
export type ReadQuery = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

/** Reads queries, and keeps those that are good: most clients send the same few. The least recently used ones go first. */
export class DocumentCache {
  readonly #schema: GraphQLSchema;
  readonly #kept = new Map<string, DocumentNode>();
  #characters = 0;

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** Parses and validates a query. */
  read(query: string): ReadQuery {
    const known = this.#kept.get(query);
    if (known !== undefined) {
      this.#kept.delete(query);
      this.#kept.set(query, known);
      return { document: known };
    }
    if (query.length > QUERY_LIMITS.characters) return { errors: [wholeError(overLimit("characters"))] };
    const document = parsed(query);
    if (document instanceof GraphQLError) return { errors: [document] };
    // What is too much is not looked at further: rules compare fields with each other.
    const counted = validate(this.#schema, document, [countingRule]);
    if (counted.length > 0) return { errors: counted };
    const errors = validate(this.#schema, document, specifiedRules, { maxErrors: ERRORS_MAX });
    if (errors.some(({ message }) => message === GIVEN_UP)) return { errors: [wholeError(overLimit("comparisons"))] };
    if (errors.length > 0) return { errors };
    this.#keep(query, document);
    return { document };
  }

  #keep(query: string, document: DocumentNode): void {
    this.#kept.set(query, document);
    this.#characters += query.length;
    for (const [oldest] of this.#kept) {
      if (this.#characters <= CHARACTERS_MAX) return;
      this.#kept.delete(oldest);
      this.#characters -= oldest.length;
    }
  }
}

function parsed(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens: QUERY_LIMITS.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return error.message.includes(` more that ${QUERY_LIMITS.tokens} tokens`) ? wholeError(overLimit("tokens")) : error;
  }
}
