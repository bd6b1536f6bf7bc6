import type { OpenRepository } from "../../contract/context.ts";
import type { Oid } from "../../domain/oid.ts";
import type { RefName } from "../../domain/reference.ts";
import { WireRefusal } from "../../wire/wire-refusal.ts";
import type { HistoryReader } from "./history-reader.ts";

export const notOurRef = (oid: Oid): WireRefusal => new WireRefusal(`upload-pack: not our ref ${oid}`);

/** A client that wants what is not there mostly wants much of it: the first will do. */
const WANTS_AT_ONCE = 1000;

/** Throws `protocol_error` when a wanted object does not exist. */
export async function requireObjects(reader: HistoryReader, wants: readonly Oid[]): Promise<void> {
  for (let from = 0; from < wants.length; from += WANTS_AT_ONCE) {
    const some = wants.slice(from, from + WANTS_AT_ONCE);
    const missing = (await reader.types(some)).indexOf(undefined);
    if (missing >= 0) throw notOurRef(some[missing]!);
  }
}

/**
 * Where wanted references point, read in one state of the repository. Throws `protocol_error` for one that does not exist or is hidden.
 */
export async function readWantedRefs(
  repository: OpenRepository,
  names: ReadonlySet<RefName>,
  isHidden: (name: RefName) => boolean,
): Promise<Map<RefName, Oid>> {
  if (names.size === 0) return new Map();
  return await repository.consistently(async () => {
    const wanted = new Map<RefName, Oid>();
    for (const name of names) {
      const oid = isHidden(name) ? undefined : await readRef(repository, name);
      if (oid === undefined) throw new WireRefusal(`unknown ref ${name}`);
      wanted.set(name, oid);
    }
    return wanted;
  });
}

async function readRef({ git, view }: OpenRepository, name: RefName): Promise<Oid | undefined> {
  return name === "HEAD" ? (await git.refs.head(view)).oid : (await git.refs.read(view, name))?.oid;
}

/** Where a short name is looked for (gitrevisions(7)). */
const SHORT_NAME_RULES: readonly ((name: string) => RefName)[] = [
  (name) => name,
  (name) => `refs/${name}`,
  (name) => `refs/tags/${name}`,
  (name) => `refs/heads/${name}`,
  (name) => `refs/remotes/${name}`,
  (name) => `refs/remotes/${name}/HEAD`,
];

/** Where the references named by `deepen-not` point; short names are allowed. Throws `protocol_error` unless each is exactly one. */
export async function readExcludedRefs(repository: OpenRepository, names: readonly RefName[]): Promise<Oid[]> {
  if (names.length === 0) return [];
  return await repository.consistently(async () => {
    const oids: Oid[] = [];
    for (const name of names) {
      const found: Oid[] = [];
      for (const rule of SHORT_NAME_RULES) {
        const oid = await readRef(repository, rule(name));
        if (oid !== undefined) found.push(oid);
      }
      if (found.length > 1) throw new WireRefusal(`ambiguous deepen-not: ${name}`);
      if (found.length === 0) throw new WireRefusal(`deepen-not is not a ref: ${name}`);
      oids.push(found[0]!);
    }
    return oids;
  });
}

/**
 * Throws `protocol_error` when a want was not advertised. Over HTTP an advertisement may be older than what is there now, so there
 * commits count that some advertised reference reaches, as in git.
 */
export async function requireAdvertised(
  reader: HistoryReader,
  wants: readonly Oid[],
  tips: ReadonlySet<Oid>,
  reachableWillDo: boolean,
): Promise<void> {
  const others = wants.filter((oid) => !tips.has(oid));
  if (others.length === 0) return;
  if (!reachableWillDo) throw notOurRef(others[0]!);
  const types = await reader.types(others);
  const commits = others.filter((_, index) => types[index] === "commit" || types[index] === "tag");
  const unreachable = await reader.unreachable(await reader.peelToCommits(commits), [...tips]);
  if (unreachable.size > 0) throw notOurRef(others[0]!);
}
