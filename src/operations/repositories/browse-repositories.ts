import { Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { relativePathOf } from "../../domain/repository-name.ts";
import { RepositoryItem, repositoryItem } from "./repository-item.ts";

/** Storage whose repositories have full names. */
const NAMED_STORAGE = "default";

/** Tells which repositories there are that have full names, and what is known of them: those that the caller may read, sorted by path. */
export const browseRepositories = defineOperation({
  name: "browseRepositories",
  summary: "List repositories by their full names",
  kind: "read",
  shape: "list",
  access: "server-read",
  target: "none",
  input: Type.Object(
    {
      limit: Maybe(Type.Integer({ minimum: 1, description: "Repositories at most; absent: all" })),
      after: Maybe(Type.String({ description: "Full name behind which to begin" })),
    },
    { additionalProperties: false },
  ),
  output: RepositoryItem,
  errors: [],
  examples: [
    { title: "All of them", input: {} },
    { title: "The first two", input: { limit: 2 } },
  ],
  tool: { isDefault: true, advice: "Those that you may read, with the full names that other tools take as repo." },
  route: { method: "GET", path: "/repos", pageKey: "fullName" },
  async *run({ limit = Infinity, after }, { caller, identity, repositories, signal }) {
    const behind = after === undefined ? "" : relativePathOf(after);
    let left = limit;
    for await (const paths of repositories.list(NAMED_STORAGE)) {
      signal.throwIfAborted();
      const found = paths
        .filter((relativePath) => relativePath > behind)
        .map((relativePath) => ({ storage: NAMED_STORAGE, relativePath }));
      const readable = (await identity.access.readable(caller.principal, found)).slice(0, left);
      const records = await Promise.all(readable.map((ref) => identity.repositories.find(ref)));
      if (records.length > 0) yield records.map((record, at) => repositoryItem(readable[at]!, record));
      left -= records.length;
      if (left === 0) return;
    }
  },
});
