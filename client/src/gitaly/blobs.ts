import type { CallOptions } from "../call-options.ts";
import type { GitRepo } from "../domain/repo.ts";
import { NotFoundError } from "../errors.ts";
import type { PathAt } from "../requests.ts";
import type { Connection } from "./connection.ts";
import { CommitService, type TreeEntryResponse, TreeEntryResponse_ObjectType } from "./generated/commit_pb.ts";
import { gitError } from "./error-of-status.ts";
import { repositoryMessage } from "./message-shape.ts";
import { bytesOf, plainBytes } from "./text.ts";
import { checkNotEmpty } from "./validate.ts";

const { treeEntry } = CommitService.method;

export async function getBlob(
  server: Connection,
  repo: GitRepo,
  request: PathAt,
  options?: CallOptions,
): Promise<Uint8Array> {
  const blob = await server.collect(treeEntry, entryRequest(repo, request), options, () => new WholeBlob(request));
  return blob.bytes();
}

export async function* streamBlob(
  server: Connection,
  repo: GitRepo,
  request: PathAt,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let first = true;
  for await (const message of server.stream(treeEntry, entryRequest(repo, request), options)) {
    if (first) checkFile(message, request);
    first = false;
    if (message.data.byteLength > 0) yield plainBytes(message.data);
  }
  if (first) throw notFound(request);
}

/** The pieces of a blob in one array, which is as large as the server said at first. */
class WholeBlob {
  readonly #request: PathAt;
  #bytes: Uint8Array | undefined;
  #filled = 0;

  constructor(request: PathAt) {
    this.#request = request;
  }

  take(message: TreeEntryResponse): void {
    if (this.#bytes === undefined) {
      checkFile(message, this.#request);
      // Memory is only touched as pieces come; a size that is not true costs nothing but the error below.
      this.#bytes = new Uint8Array(Number(message.size));
    }
    if (this.#filled + message.data.byteLength > this.#bytes.byteLength) throw wrongSize(this.#request);
    this.#bytes.set(message.data, this.#filled);
    this.#filled += message.data.byteLength;
  }

  bytes(): Uint8Array {
    if (this.#bytes === undefined) throw notFound(this.#request);
    if (this.#filled !== this.#bytes.byteLength) throw wrongSize(this.#request);
    return this.#bytes;
  }
}

function entryRequest(repo: GitRepo, { revision, path }: PathAt) {
  checkNotEmpty("revision", revision);
  checkNotEmpty("path", path);
  // Neither limit is set: whole files are wanted.
  return { repository: repositoryMessage(repo), revision: bytesOf(revision), path: bytesOf(path) };
}

function checkFile({ type }: TreeEntryResponse, request: PathAt): void {
  if (type !== TreeEntryResponse_ObjectType.BLOB) throw notFound(request);
}

function notFound({ revision, path }: PathAt): NotFoundError {
  return new NotFoundError(`no file at ${revision}:${path}`, { code: "NOT_FOUND" });
}

function wrongSize({ revision, path }: PathAt): Error {
  return gitError(`the server sent another size than it said for ${revision}:${path}`, { code: "DATA_LOSS" });
}
