import type { OpenRepository } from "../../contract/context.ts";
import type { Reference } from "../../domain/reference.ts";
import type { RefPatterns } from "../../domain/ref-pattern.ts";

interface CollectOptions {
  /** Follow annotated tags to what they finally point at. */
  readonly peel: boolean;
}

/** All references that match, sorted by name, as they are at one moment. */
export function collectReferences(
  repository: OpenRepository,
  patterns: Pick<RefPatterns, "prefixes"> & Partial<RefPatterns>,
  options: CollectOptions,
): Promise<Reference[]> {
  return repository.consistently(() => collectHere(repository, patterns, options));
}

/** The same for a caller that is inside of `consistently` already. */
export async function collectHere(
  { git, view }: OpenRepository,
  { prefixes, matches }: Pick<RefPatterns, "prefixes"> & Partial<RefPatterns>,
  { peel }: CollectOptions,
): Promise<Reference[]> {
  const found: Reference[] = [];
  for await (const batch of git.refs.list(view, { prefixes, peel })) {
    for (const reference of batch) if (matches === undefined || matches(reference.name)) found.push(reference);
  }
  return found;
}
