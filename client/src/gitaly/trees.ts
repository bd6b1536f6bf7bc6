import type { CallOptions } from "../call-options.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { GitTreeEntry } from "../domain/tree-entry.ts";
import { GitError, NotFoundError } from "../errors.ts";
import type { TreeAt } from "../requests.ts";
import type { Connection } from "./connection.ts";
import { as } from "./error-of-status.ts";
import { CommitService, type TreeEntryResponse, TreeEntryResponse_ObjectType } from "./generated/commit_pb.ts";
import { repositoryMessage } from "./message-shape.ts";
import { readTreeEntries } from "./read-tree-entries.ts";
import { bytesOf } from "./text.ts";
import { treeEntryOf } from "./tree-entry-conversion.ts";
import { checkNotEmpty } from "./validate.ts";

const methods = CommitService.method;

export async function getTreeEntries(
  server: Connection,
  repo: GitRepo,
  request: TreeAt,
  options?: CallOptions,
): Promise<GitTreeEntry[]> {
  try {
    const { entries } = await server.collectBytes(methods.getTreeEntries, treeRequest(repo, request), options, () => {
      const entries: GitTreeEntry[] = [];
      return { entries, take: (bytes: Uint8Array) => readTreeEntries(bytes, (entry) => entries.push(entry)) };
    });
    if (entries.length === 0) await checkFolder(server, repo, request, options);
    return entries;
  } catch (error) {
    throw inWordsOfTrees(error, request);
  }
}

export async function* streamTreeEntries(
  server: Connection,
  repo: GitRepo,
  request: TreeAt,
  options?: CallOptions,
): AsyncGenerator<GitTreeEntry, void, undefined> {
  let empty = true;
  try {
    for await (const { entries } of server.stream(methods.getTreeEntries, treeRequest(repo, request), options)) {
      if (entries.length > 0) empty = false;
      for (const entry of entries) yield treeEntryOf(entry);
    }
    if (empty) await checkFolder(server, repo, request, options);
  } catch (error) {
    throw inWordsOfTrees(error, request);
  }
}

function treeRequest(repo: GitRepo, { revision, path = "", recursive = false }: TreeAt) {
  checkNotEmpty("revision", revision);
  const inner = folderOf(path);
  return {
    repository: repositoryMessage(repo),
    revision: bytesOf(revision),
    path: bytesOf(inner === "" ? "." : inner),
    recursive,
  };
}

function folderOf(path: string): string {
  return path === "." ? "" : path.replace(/\/+$/, "");
}

/** Servers answer with an empty list for a file, too. */
async function checkFolder(
  server: Connection,
  repo: GitRepo,
  { revision, path = "" }: TreeAt,
  options?: CallOptions,
): Promise<void> {
  const inner = folderOf(path);
  if (inner === "") return;
  const request = { repository: repositoryMessage(repo), revision: bytesOf(revision), path: bytesOf(inner), limit: 1n };
  const entry = await server.collect(methods.treeEntry, request, options, () => ({
    isTree: false,
    take({ type }: TreeEntryResponse) {
      this.isTree ||= type === TreeEntryResponse_ObjectType.TREE;
    },
  }));
  if (!entry.isTree) throw new NotFoundError(`no folder at ${revision}:${inner}`, { code: "NOT_FOUND" });
}

/** A revision or a path that does not exist is an invalid argument to servers. */
function inWordsOfTrees(error: unknown, { revision, path = "" }: TreeAt): unknown {
  if (!(error instanceof GitError) || error.code !== "INVALID_ARGUMENT") return error;
  const missing = error.detail?.kind === "resolve_tree" || /invalid revision or path|doesn't exist/.test(error.message);
  return missing ? as(error, NotFoundError, `no folder at ${revision}:${path}`) : error;
}
