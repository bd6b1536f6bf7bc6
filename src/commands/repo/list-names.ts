import type { OperationRunner } from "../command-host.ts";
import { bytesOf, type Text, textOf } from "../text.ts";
import type { Target } from "./target.ts";

/** A reference as commands show it. */
export interface NamedOid {
  /** Without the prefix. */
  readonly name: Text;
  readonly oid: string;
  /** What an annotated tag finally points at. */
  readonly peeledOid?: string;
}

/** Only tags can be annotated; looking for that costs a read of each. */
export const REFS_TAGS = "refs/tags/";

/** Lists the references below a prefix such as `refs/heads/`. */
export async function* listNames(
  operations: OperationRunner,
  repository: Target,
  prefix: string,
): AsyncGenerator<NamedOid> {
  const input = { repository, patterns: [prefix], ...(prefix === REFS_TAGS ? { peel: true } : {}) };
  for await (const reference of operations.list<NamedOid>("listReferences", input))
    yield { ...reference, name: withoutPrefix(reference.name, prefix) };
}

const withoutPrefix = (name: Text, prefix: string): Text => textOf(bytesOf(name).subarray(prefix.length));
