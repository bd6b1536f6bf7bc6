import { complexityFromQuery } from "@pothos/plugin-complexity";
import {
  type ASTVisitor,
  BREAK,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type ValidationContext,
  visit,
} from "graphql";
import { OperationError } from "../../../domain/errors.ts";
import { wholeError } from "./graphql-error.ts";

/** What a query may ask for. */
export const QUERY_LIMITS = {
  /** Characters of its text. */
  characters: 100_000,
  /** Words and signs of its text. */
  tokens: 5000,
  /** Fields within fields. */
  depth: 16,
  /** Fields in all, those of fragments as often as they are used. */
  fields: 1000,
  /** Fields that stand at the top. */
  rootFields: 30,
  /** Fields that are given another name. */
  aliases: 60,
  /** Fields that ask for the schema itself. */
  introspections: 4,
  /** Comparisons of fields that have the same name; the limit of the library, which gives up then. */
  comparisons: 500_000,
  /** What it costs: a field is 1, and what is in a list counts as often as the list has items. */
  cost: 50_000,
} as const;

/** Arguments that say how long a list may be. */
export const LENGTHS: ReadonlySet<string> = new Set(["first", "last", "limit", "ids"]);

type Measure = keyof typeof QUERY_LIMITS;

const WORDS: Readonly<Record<Measure, string>> = {
  characters: "characters",
  tokens: "tokens",
  depth: "levels of fields",
  fields: "fields",
  rootFields: "fields at the top",
  aliases: "aliases",
  introspections: "questions about the schema",
  comparisons: "comparisons of fields of the same name",
  cost: "units of cost",
};

/** The error for a query over a limit. */
export function overLimit(measure: Measure): OperationError<"query_over_limit"> {
  return new OperationError("query_over_limit", { measure: WORDS[measure], maximum: QUERY_LIMITS[measure] });
}

/** Counts what stands in the document: a rule of validation, so that a document is counted once. */
export function countingRule(context: ValidationContext): ASTVisitor {
  let fields = 0;
  let aliases = 0;
  let introspections = 0;
  return {
    Field({ alias, name }) {
      fields++;
      if (alias !== undefined) aliases++;
      if (name.value === "__schema" || name.value === "__type") introspections++;
    },
    OperationDefinition: {
      leave(operation) {
        if (rootFieldsOf(operation, (name) => context.getFragment(name)) > QUERY_LIMITS.rootFields)
          context.reportError(wholeError(overLimit("rootFields"), operation));
      },
    },
    Document: {
      leave() {
        if (fields > QUERY_LIMITS.fields) context.reportError(wholeError(overLimit("fields")));
        if (aliases > QUERY_LIMITS.aliases) context.reportError(wholeError(overLimit("aliases")));
        if (introspections > QUERY_LIMITS.introspections) context.reportError(wholeError(overLimit("introspections")));
      },
    },
  };
}

interface Cost {
  readonly complexity: number;
  readonly depth: number;
  readonly breadth: number;
}

/** Costs of operations that do not depend on variables. */
const fixedCosts = new WeakMap<OperationDefinitionNode, Cost>();

/** Throws `query_over_limit` for an operation that asks for more than it may, with these variables; a GraphQLError for variables that do not fit. */
export function checkCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  const { complexity, depth, breadth } = fixedCosts.get(operation) ?? costOf(schema, document, operation, variables);
  if (depth > QUERY_LIMITS.depth) throw overLimit("depth");
  if (breadth > QUERY_LIMITS.fields) throw overLimit("fields");
  if (complexity > QUERY_LIMITS.cost) throw overLimit("cost");
}

function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Cost {
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const alone: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] };
  const cost = complexityFromQuery(alone, { schema, variables });
  if (!hasVariableLengths(alone)) fixedCosts.set(operation, cost);
  return cost;
}

/** Is the length of some list told by a variable? */
function hasVariableLengths(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Argument({ name, value }) {
      if (!LENGTHS.has(name.value) || value.kind !== Kind.VARIABLE) return undefined;
      found = true;
      return BREAK;
    },
  });
  return found;
}

/** Fields at the top, those of fragments included; a fragment that is in itself is another rule's to refuse. */
function rootFieldsOf(
  operation: OperationDefinitionNode,
  fragmentOf: (name: string) => FragmentDefinitionNode | null | undefined,
): number {
  const seen = new Set<string>();
  const left = [operation.selectionSet];
  let count = 0;
  for (let set = left.pop(); set !== undefined; set = left.pop())
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) count++;
      else if (selection.kind === Kind.INLINE_FRAGMENT) left.push(selection.selectionSet);
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        const fragment = fragmentOf(selection.name.value);
        if (fragment) left.push(fragment.selectionSet);
      }
    }
  return count;
}
