import type { OpenRepository } from "../../contract/context.ts";
import type { Oid } from "../../domain/oid.ts";

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
  if (object?.type !== "blob") return undefined;
  const { size, content } = object;
  if (Math.min(size, bytesMax) <= content.byteLength) {
    return { oid: object.oid, size, content, pieces: () => only(content) };
  }
  return {
    oid: object.oid,
    size,
    pieces: () => git.objects.stream(view, oid, bytesMax < size ? bytesMax : undefined),
  };
}

async function* only(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
