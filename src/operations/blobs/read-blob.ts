import type { OpenRepository } from "../../contract/context.ts";
import { type AtOnce, whenThere } from "../../domain/at-once.ts";
import type { GitObject, GitPath, TreeEntry } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import { canHaveEntry } from "../files/entry-at.ts";

/** Blobs up to this size are read at once; larger ones are streamed. */
export const WHOLE_BLOB_BYTES_MAX = 128 * 1024;

/** The beginning of an object, and how to get at the rest. */
export interface OpenedBlob {
  readonly oid: Oid;
  /** Length of the whole content. */
  readonly size: number;
  /** The content up to the limit, in pieces of at most 128 KiB. To be iterated once. */
  pieces(): AsyncIterable<Uint8Array>;
  /** The content up to the limit, where it has been read already. */
  readonly content?: Uint8Array;
}

/**
 * Opens a blob to be read up to `bytesMax` bytes; undefined when the object is absent or no blob. A small blob comes with its
 * content, so that it costs one call.
 */
export async function openBlob(
  repository: OpenRepository,
  oid: Oid,
  bytesMax = Infinity,
): Promise<OpenedBlob | undefined> {
  const { git, view } = repository;
  const object = await git.objects.read(view, oid, Math.min(bytesMax, WHOLE_BLOB_BYTES_MAX));
  return object?.type === "blob" ? opened(repository, object, bytesMax) : undefined;
}

/** What a path leads to, and its blob opened where it is one. */
export interface OpenedFile {
  readonly entry: TreeEntry;
  readonly blob?: OpenedBlob;
}

/** Opens what a path below a tree or commit leads to, in one step; undefined where there is nothing, or a blob is missing. At once where it is in memory. */
export function openFileAt(
  repository: OpenRepository,
  treeish: Oid,
  path: GitPath,
  bytesMax = Infinity,
): AtOnce<OpenedFile | undefined> {
  if (!canHaveEntry(path)) return undefined;
  const { git, view } = repository;
  const file = git.objects.readFile(view, treeish, path, Math.min(bytesMax, WHOLE_BLOB_BYTES_MAX));
  return whenThere(file, (file) => {
    if (file === undefined) return undefined;
    const { entry, size, content } = file;
    if (size === undefined || content === undefined) return { entry };
    return { entry, blob: opened(repository, { oid: entry.oid, size, content }, bytesMax) };
  });
}

function opened(
  { git, view }: OpenRepository,
  { oid, size, content }: Pick<GitObject, "oid" | "size" | "content">,
  bytesMax: number,
): OpenedBlob {
  if (Math.min(size, bytesMax) <= content.byteLength) return { oid, size, content, pieces: () => only(content) };
  return { oid, size, pieces: () => git.objects.stream(view, oid, bytesMax < size ? bytesMax : undefined) };
}

async function* only(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
