import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { GitBackend, PackFacet, PackOutput, PackRequest, RepositoryView } from "../backend.ts";
import { isCacheFull, type PackCache } from "./pack-cache.ts";
import { packKey } from "./pack-key.ts";

export interface CachingBackendOptions {
  readonly cache: PackCache;
  /** A number that changes when the repository's references do. */
  readonly generation: (gitDir: string) => bigint | number;
}

/** A backend whose packs are shared by those who ask for the same at once, and kept for those who ask soon after. */
export function createCachingBackend(backend: GitBackend, options: CachingBackendOptions): GitBackend {
  const { cache } = options;
  const { pack: inner } = backend;
  const pack: PackFacet = {
    create: (view, request) => cachedPack(inner, view, request, options),
    createInto: (view, request, descriptor) => inner.createInto(view, request, descriptor),
    receive: (view, stream, receiveOptions) => inner.receive(view, stream, receiveOptions),
    unconnected: (view, tips, shallow, near) => inner.unconnected(view, tips, shallow, near),
    archive: (view, treeish, request) => inner.archive(view, treeish, request),
    uploadArchive: (view, args) => inner.uploadArchive(view, args),
  };
  return {
    name: backend.name,
    objects: backend.objects,
    quarantine: backend.quarantine,
    refs: backend.refs,
    history: backend.history,
    diff: backend.diff,
    merge: backend.merge,
    maintenance: backend.maintenance,
    worktree: backend.worktree,
    remote: backend.remote,
    pack,
    supports: backend.supports,
    forget(gitDir) {
      cache.forget(gitDir);
      backend.forget(gitDir);
    },
    async close() {
      await cache.close();
      await backend.close();
    },
  };
}

async function* cachedPack(
  inner: PackFacet,
  view: RepositoryView,
  request: PackRequest,
  { cache, generation }: CachingBackendOptions,
): AsyncGenerator<PackOutput> {
  // What a quarantine holds is one request's affair.
  const key = view.quarantineDir === undefined ? await packKey(view, request, generation(view.gitDir)) : undefined;
  if (key === undefined) {
    yield* inner.create(view, request);
    return;
  }
  const likelyBytes = await packedBytes(view.gitDir);
  const { signal: _, ...lasting } = view;
  const make = (descriptor: number, signal: AbortSignal) =>
    inner.createInto({ ...lasting, signal }, request, descriptor);
  const cached = cache.open(key, view, likelyBytes, make, request);
  if (cached !== undefined) {
    let begun = false;
    try {
      for await (const output of cached) {
        begun ||= output.kind === "pack";
        yield output;
      }
      return;
    } catch (error) {
      if (begun || !isCacheFull(error)) throw error;
    }
  }
  yield* inner.create(view, request);
}

/** What the repository's packs take on disk: no pack of it will be much larger. */
async function packedBytes(gitDir: string): Promise<number> {
  const directory = join(gitDir, "objects", "pack");
  const names = await readdir(directory).catch(() => []);
  const sizes = names
    .filter((name) => name.endsWith(".pack"))
    .map((name) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
