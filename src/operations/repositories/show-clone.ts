import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { CloneItem, cloneItem } from "./clone-fields.ts";

/** Shows how a clone goes, or went, that the caller has begun. */
export const showClone = defineOperation({
  name: "showClone",
  summary: "Show a clone from another server",
  kind: "read",
  shape: "call",
  access: "create",
  needsCredentials: true,
  target: "path",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: CloneItem,
  errors: ["clone_not_found"],
  examples: [{ title: "The caller's own", input: {} }],
  route: { method: "GET", path: "/repos/:repo/clone" },
  async run({ repository }, { clones, caller }) {
    return cloneItem(await clones.find(repository, caller));
  },
});
