import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { CloneItem, cloneItem } from "./clone-fields.ts";

/** Ends a clone that the caller has begun; nothing of it is left. One that is done stays done. */
export const cancelClone = defineOperation({
  name: "cancelClone",
  summary: "Cancel a clone from another server",
  kind: "write",
  shape: "call",
  access: "create",
  needsCredentials: true,
  target: "path",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: CloneItem,
  errors: ["clone_not_found"],
  examples: [{ title: "The caller's own", input: {} }],
  tool: { destructive: false },
  route: { method: "DELETE", path: "/repos/:repo/clone" },
  async run({ repository }, { clones, caller }) {
    return cloneItem(await clones.cancel(repository, caller));
  },
});
