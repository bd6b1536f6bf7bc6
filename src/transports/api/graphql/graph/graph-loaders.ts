import DataLoader from "dataloader";
import { jsonCodec } from "../../../../contract/json-codec.ts";
import { CommitInfoField, commitInfoOf, FileField, fileOf } from "../../../../contract/management-nouns.ts";
import type { Caller } from "../../../../contract/principal.ts";
import { hasReason, OperationError } from "../../../../domain/errors.ts";
import type { Engine } from "../../../../engine/engine.ts";
import {
  findCommit,
  findLastCommits,
  getBlobs,
  listCommits,
  showRepository,
  sizeBlobs,
} from "../../../../operations/index.ts";
import type { Static } from "../../../../contract/fields.ts";
import type { AnswerBudget } from "../answer-budget.ts";
import type { JsonBytes } from "../told.ts";
import { toByteString } from "../../../../domain/bytes.ts";
import { repositoryNamed } from "../../derived/repository-field.ts";
import { inRequestWords } from "../../derived/request-words.ts";

/** What is looked up together: an operation takes no more. */
const BATCH_MAX = 1000;
/** A file that stands in an answer. */
export const BLOB_BYTES_MAX = 1024 * 1024;
/** All files that stand in one answer. */
const BLOBS_BYTES_MAX = 32 * 1024 * 1024;

type Json = Readonly<Record<string, unknown>>;

/** A file or folder at a revision. */
export interface PathKey {
  readonly repo: string;
  readonly rev: string;
  /** One character for each byte. */
  readonly path: string;
}

/** A revision of a repository. */
export interface RevisionKey {
  readonly repo: string;
  readonly rev: string;
}

/** An object of a repository. */
export interface ObjectKey {
  readonly repo: string;
  readonly oid: string;
}

/** What is looked up with. */
export interface LoaderContext {
  readonly engine: Engine;
  readonly caller: Caller;
  readonly budget: AnswerBudget;
  /** Is what has been looked up once the same for the rest of the request? */
  readonly isCached: boolean;
}

/** The content of a file. */
export interface LoadedBlob {
  readonly oid: string;
  readonly size: number;
  /** Undefined for one that is too large. */
  readonly content: Uint8Array | undefined;
}

const fileCodec = jsonCodec(FileField, "camel");
const commitCodec = jsonCodec(CommitInfoField, "camel");

/** Looks up what the fields of one request ask for, each thing once, and together what can be looked up together. */
export function graphLoaders({ engine, caller, budget, isCached }: LoaderContext) {
  let blobBytes = 0;
  const placeOf = (repo: string) => repositoryNamed(repo, "repo", engine);
  const shown = (commit: Static<typeof CommitInfoField>): Json => {
    const json = commitCodec.encode(commit) as Json;
    budget.add(json);
    return json;
  };

  /** Commits in JSON; null for one that is not there. */
  const commits = loaderOf<ObjectKey, Json | null>(
    isCached,
    ({ repo, oid }) => `${repo} ${oid}`,
    ({ repo }) => repo,
    async (keys) => {
      const repository = placeOf(keys[0]!.repo);
      const found = new Map<string, Json>();
      const read = async (revisions: readonly string[]) => {
        const input = { repository, revisions: [...revisions], noWalk: true };
        for await (const batch of engine.run(listCommits, input, caller))
          for (const commit of batch) found.set(commit.oid, shown(commitInfoOf(commit)));
      };
      // Ids come from clients as well: whatever else a revision may be is none of them.
      const oids = [...new Set(keys.map(({ oid }) => oid))].filter((oid) => OID.test(oid));
      if (oids.length > 0)
        await read(oids).catch(async (error: unknown) => {
          // One that is not there leaves the others what they are.
          if (!isMissing(error)) throw error;
          await Promise.all(
            oids.map((oid) =>
              read([oid]).catch((each: unknown) => {
                if (!isMissing(each)) throw each;
              }),
            ),
          );
        });
      return keys.map(({ oid }) => found.get(oid) ?? null);
    },
  );

  /** The commits that revisions lead to, in JSON; null for a revision that leads to none. */
  const revisions = loaderOf<RevisionKey, Json | null>(
    isCached,
    ({ repo, rev }) => `${repo} ${rev}`,
    ({ repo, rev }) => `${repo} ${rev}`,
    (keys) =>
      Promise.all(
        keys.map(async ({ repo, rev }) => {
          const { commit } = await engine.run(findCommit, { repository: placeOf(repo), revision: rev }, caller);
          return commit === undefined ? null : shown(commitInfoOf(commit));
        }),
      ),
  );

  /** What stands at paths, in JSON; null for nothing. */
  const entries = loaderOf<PathKey, Json | null>(isCached, keyOfPath, revisionOfPath, async (keys) => {
    const files = keys.map(({ rev, path }) => ({ revision: rev, path }));
    const input = { repository: placeOf(keys[0]!.repo), files, bytesMax: 0 };
    const found: (Json | null)[] = [];
    for await (const batch of engine.run(getBlobs, input, caller))
      for (const { file, entry } of batch) {
        if (file === undefined) continue;
        found[file] =
          entry === undefined ? null : (fileCodec.encode(fileOf({ ...entry, path: keys[file]!.path })) as Json);
      }
    return keys.map((_, index) => found[index] ?? null);
  });

  /** How many bytes blobs have; null for one that is not there. */
  const sizes = loaderOf<ObjectKey, number | null>(
    isCached,
    ({ repo, oid }) => `${repo} ${oid}`,
    ({ repo }) => repo,
    async (keys) => {
      const input = { repository: placeOf(keys[0]!.repo), oids: keys.map(({ oid }) => oid) };
      const { items } = await engine.run(sizeBlobs, input, caller);
      const sizes = new Map(items.map(({ oid, size }) => [oid, size]));
      return keys.map(({ oid }) => sizes.get(oid) ?? null);
    },
  );

  /** The commits that changed paths last, in JSON. */
  const lastCommits = loaderOf<PathKey, Json | null>(isCached, keyOfPath, revisionOfPath, async (keys) => {
    const { repo, rev } = keys[0]!;
    const input = { repository: placeOf(repo), rev, paths: keys.map(({ path }) => path) };
    const { items } = await engine.run(findLastCommits, input, caller);
    // Many paths have few commits: each is told once.
    const commitsByOid = new Map(items.map(({ commit }) => [commit.oid, commit]));
    const told = new Map([...commitsByOid].map(([oid, commit]) => [oid, shown(commit)]));
    const found = new Map(items.map(({ path, commit }) => [path, told.get(commit.oid)!]));
    return keys.map(({ path }) => found.get(path) ?? null);
  });

  /** Contents of files; null for what is no file. Rejects with `too_large` where one answer would have too much of them. */
  const blobs = loaderOf<PathKey, LoadedBlob | null>(isCached, keyOfPath, revisionOfPath, async (keys) => {
    const files = keys.map(({ rev, path }) => ({ revision: rev, path }));
    const input = { repository: placeOf(keys[0]!.repo), files, bytesMax: BLOB_BYTES_MAX };
    const found: ({ readonly oid: string; readonly size: number; readonly pieces: Uint8Array[] } | null)[] = [];
    for await (const batch of engine.run(getBlobs, input, caller))
      for (const { file, entry, size, data } of batch) {
        if (file !== undefined)
          found[file] = entry?.type === "blob" && size !== undefined ? { oid: entry.oid, size, pieces: [] } : null;
        if (data.length === 0) continue;
        blobBytes += data.length;
        if (blobBytes > BLOBS_BYTES_MAX)
          throw new OperationError("too_large", {
            what: "content of all files of the answer",
            sizeBytes: blobBytes,
            limitBytes: BLOBS_BYTES_MAX,
          });
        found.at(-1)?.pieces.push(data);
      }
    return keys.map((_, index) => {
      const blob = found[index];
      if (blob === undefined || blob === null) return null;
      const { oid, size, pieces } = blob;
      return { oid, size, content: size > BLOB_BYTES_MAX ? undefined : Buffer.concat(pieces) };
    });
  });

  /** What is known of repositories beyond their names. */
  const repositories = loaderOf(isCached, same, same, (repos: readonly string[]) =>
    Promise.all(repos.map((repo) => engine.run(showRepository, { repository: placeOf(repo) }, caller))),
  );

  return { commits, revisions, entries, sizes, lastCommits, blobs, repositories };
}

export type GraphLoaders = ReturnType<typeof graphLoaders>;

const same = (repo: string): string => repo;

/** A loader whose keys are looked up together where they are of the same group; a group that fails leaves the others what they are. */
function loaderOf<K, V>(
  isCached: boolean,
  keyOf: (key: K) => string,
  groupOf: (key: K) => string,
  load: (keys: readonly K[]) => Promise<V[]>,
): DataLoader<K, V, string> {
  return new DataLoader<K, V, string>(
    async (keys) => {
      const groups = Map.groupBy(keys.keys(), (index) => groupOf(keys[index]!));
      const results: (V | Error)[] = [];
      const loadGroup = async (indexes: readonly number[]) => {
        try {
          const values = await load(indexes.map((index) => keys[index]!));
          for (const [at, index] of indexes.entries()) results[index] = values[at]!;
        } catch (error) {
          // Whatever the operation, of its fields the caller has named the repository.
          const named = error instanceof OperationError ? inRequestWords(error, showRepository, "camel") : error;
          const thrown = named instanceof Error ? named : new Error(String(named));
          for (const index of indexes) results[index] = thrown;
        }
      };
      await Promise.all([...groups.values()].map(loadGroup));
      return results;
    },
    { cacheKeyFn: keyOf, maxBatchSize: BATCH_MAX, cache: isCached },
  );
}

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

const isMissing = (error: unknown): boolean =>
  hasReason(error, "revision_not_found") || hasReason(error, "object_not_found") || hasReason(error, "not_a_commit");

const keyOfPath = ({ repo, rev, path }: PathKey): string => JSON.stringify([repo, rev, path]);
const revisionOfPath = ({ repo, rev }: PathKey): string => JSON.stringify([repo, rev]);

/** A path as JSON says it, one character for each byte. */
export function pathOfJson(json: unknown): string {
  if (typeof json === "string") return toByteString(Buffer.from(json, "utf8"));
  return toByteString(Buffer.from((json as { readonly base64: string }).base64, "base64"));
}

/** A path, a name or a revision as JSON says it: text where it is UTF-8. */
export function jsonOfPath(path: string): JsonBytes {
  const bytes = Buffer.from(path, "latin1");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : { base64: bytes.toString("base64") };
}
