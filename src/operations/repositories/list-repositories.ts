import { Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";

/** Names the repositories of a storage, sorted, or of all storages: those that the caller may read. */
export const listRepositories = defineOperation({
  name: "listRepositories",
  summary: "List repositories",
  kind: "read",
  shape: "list",
  access: "server-read",
  target: "none",
  input: Type.Object(
    { storage: Maybe(Type.String({ description: "Only the repositories of this storage" })) },
    { additionalProperties: false },
  ),
  output: Type.Object({ storage: Type.String(), relativePath: Type.String() }),
  errors: ["storage_unknown"],
  examples: [{ title: "All of them", input: {} }],
  async *run({ storage }, { caller, identity, repositories, signal }) {
    const names = (await repositories.storages()).map(({ name }) => name);
    if (storage !== undefined && !names.includes(storage)) throw new OperationError("storage_unknown", { storage });
    for (const name of storage === undefined ? names : [storage]) {
      for await (const paths of repositories.list(name)) {
        signal.throwIfAborted();
        const found = paths.map((relativePath) => ({ storage: name, relativePath }));
        const readable = await identity.access.readable(caller.principal, found);
        if (readable.length > 0) yield readable;
      }
    }
  },
});
